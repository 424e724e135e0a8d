drop table redemptions;
drop table coupons;
drop table promotions;
