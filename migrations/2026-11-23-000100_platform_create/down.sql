drop table idempotency_keys;
drop table jobs;
drop table events;
drop table event_counters;
