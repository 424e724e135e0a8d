drop function stamp_catalogue() cascade;
drop table catalogue_stamp;
