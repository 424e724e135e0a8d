drop table product_modifier_groups;
drop table modifier_sizes;
drop table modifiers;
drop table modifier_groups;
drop table variants;
drop table products;
drop table categories;
drop table tax_rates;
