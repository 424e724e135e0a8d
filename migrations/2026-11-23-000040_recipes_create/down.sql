drop table modifier_ingredients;
drop table variant_ingredients;
drop table recipes;
drop table ingredients;
