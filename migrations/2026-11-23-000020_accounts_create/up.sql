create table users (
  id uuid primary key,
  email text not null constraint users_email_key unique
    constraint users_email_lower_check check (email = lower(email)),
  name text not null,
  phone text,
  password_hash text not null,
  language text not null default 'fr'
    constraint users_language_check check (language in ('fr', 'en')),
  status text not null default 'active'
    constraint users_status_check check (status in ('active', 'blocked')),
  is_demo boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table users is 'Whoever can log in: customers and staff. Owned by accounts.';
comment on column users.password_hash is 'argon2id, PHC string';
comment on column users.is_demo is 'Loaded with a published password: refused at log-in in production';

create table memberships (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  store_id uuid references stores on delete cascade,
  role text not null
    constraint memberships_role_check check (role in ('counter', 'cook', 'driver', 'manager', 'admin')),
  created_at timestamptz not null default now(),
  constraint memberships_group_check check ((role = 'admin') = (store_id is null))
);
create unique index memberships_user_store_role_key
  on memberships (user_id, coalesce(store_id, '00000000-0000-0000-0000-000000000000'), role);
comment on table memberships is 'A role of a user at a store; the group admin has no store. Owned by accounts.';

create table sessions (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_because text
    constraint sessions_revoked_because_check check (revoked_because in ('logout', 'token_reuse'))
);
create index sessions_user_id_idx on sessions (user_id);
comment on table sessions is 'One log-in on one device: the family of its refresh tokens. Owned by accounts.';

create table refresh_tokens (
  token_hash bytea primary key,
  session_id uuid not null references sessions on delete cascade,
  issued_at timestamptz not null default now(),
  used_at timestamptz
);
create index refresh_tokens_session_id_idx on refresh_tokens (session_id);
comment on table refresh_tokens is 'Each token is good once; a second use revokes its session. Owned by accounts.';
comment on column refresh_tokens.token_hash is 'SHA-256: the token itself is never stored';

create table login_attempts (
  key text primary key,
  attempts integer not null,
  window_started_at timestamptz not null
);
comment on table login_attempts is 'Failed log-ins by account and by address within a window. Owned by accounts.';
