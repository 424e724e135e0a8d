drop table payments;
alter table carts drop constraint carts_order_id_fkey;
drop table order_lines;
drop table orders;
drop table order_counters;
