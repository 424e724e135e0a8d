drop table cart_lines;
drop table carts;
