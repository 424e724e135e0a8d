drop table kitchen_items;
drop table kitchen_tickets;
