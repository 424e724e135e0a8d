drop table store_hours;
drop table stores;
