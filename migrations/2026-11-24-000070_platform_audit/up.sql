create table audit_entries (
  id uuid primary key,
  actor_id uuid references users,
  action text not null
    constraint audit_entries_action_check check (action in ('create', 'update', 'archive', 'delete')),
  entity text not null,
  entity_id text not null,
  store_id uuid references stores,
  before jsonb,
  after jsonb,
  occurred_at timestamptz not null
);
create index audit_entries_entity_idx on audit_entries (entity, entity_id, id desc);
comment on table audit_entries is 'Who changed what, from what, to what; append-only. Owned by audit.';
