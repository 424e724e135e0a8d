create table event_counters (
  store_id uuid primary key references stores on delete cascade,
  last_seq bigint not null
) with (fillfactor = 50);
comment on table event_counters is 'The last event number of a store. Its row lock orders the events of a store by commit. Owned by events.';

create table events (
  store_id uuid not null,
  seq bigint not null,
  order_id uuid,
  type text not null,
  payload jsonb not null,
  actor_id uuid,
  occurred_at timestamptz not null,
  primary key (store_id, seq)
);
create index events_order_id_idx on events (order_id, seq) where order_id is not null;
comment on table events is 'What happened, store by store, without a gap; append-only. Owned by events.';
comment on column events.seq is '1, 2, 3, … within the store: the cursor of streams and pollers';

create table jobs (
  id uuid primary key,
  job jsonb not null,
  dedupe_key text constraint jobs_dedupe_key unique,
  run_at timestamptz not null,
  attempts integer not null default 0,
  last_error text,
  dead_at timestamptz,
  created_at timestamptz not null default now()
);
create index jobs_due_idx on jobs (run_at) where dead_at is null;
comment on table jobs is 'Work to do outside the request, enqueued in its transaction. Owned by jobs.';
comment on column jobs.run_at is 'Due from then on; a worker that claims it pushes this forward as a lease';
comment on column jobs.dead_at is 'Given up after the last attempt: an operator has to look';

create table idempotency_keys (
  principal text not null,
  key text not null,
  fingerprint bytea not null,
  status smallint not null,
  body text not null,
  location text,
  created_at timestamptz not null default now(),
  primary key (principal, key)
);
create index idempotency_keys_created_at_idx on idempotency_keys (created_at);
comment on table idempotency_keys is 'The first answer to a POST, replayed for 24 hours. Owned by http::idempotency.';
comment on column idempotency_keys.fingerprint is 'SHA-256 of method, path and body';
