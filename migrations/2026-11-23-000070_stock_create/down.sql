drop table stock_movements;
drop table stock_reservations;
drop table stock_levels;
