//! The tables, and every statement about them. Plain SQL: what speaks the protocol can serve.

/// Creates what is missing.
pub(super) const CREATE: &str = "\
create table if not exists ledger_epoch(ledger text primary key, epoch bigint not null, holder text not null, address text not null);
create table if not exists ledger_lease(ledger text primary key, epoch bigint not null, lease_until timestamptz not null, \
    durable bigint not null);
create table if not exists ledger_frames(ledger text, first_position bigint, record_count int not null, epoch bigint not null, \
    tree_root bytea not null, frame bytea not null, primary key (ledger, first_position));
create table if not exists ledger_signed(ledger text primary key, size bigint not null, root bytea not null);
create table if not exists ledger_texts(ledger text, name text, text text not null, primary key (ledger, name))";

/// Whether all of them are there: `create` needs a right that whoever appends need not have.
pub(super) const ARE_CREATED: &str = "select to_regclass('ledger_epoch') is not null and to_regclass('ledger_lease') is not null \
    and to_regclass('ledger_frames') is not null and to_regclass('ledger_signed') is not null \
    and to_regclass('ledger_texts') is not null";

/// Introduces a ledger.
pub(super) const INTRODUCE: [&str; 2] = [
    "insert into ledger_epoch values ($1::text, 0, '', '') on conflict do nothing",
    "insert into ledger_lease values ($1::text, 0, timestamptz '1970-01-01', 0) on conflict do nothing",
];

/// Appends a frame, if the epoch is still that of who asks: one row, or none. It waits for a takeover that is under way, and a takeover
/// waits for it.
pub(super) const APPEND: &str = "\
with fence as (select 1 from ledger_epoch where ledger = $1::text and epoch = $2::bigint for share) \
insert into ledger_frames(ledger, first_position, record_count, epoch, tree_root, frame) \
select $1::text, $3::bigint, $4::int, $2::bigint, $5::bytea, $6::bytea from fence";

/// Who leads, whether the lease is over, and how far is durable. A lease that ends much later than one can is of a clock that was wrong.
pub(super) const STANDING: &str = "\
select e.address, l.epoch = 0 or l.lease_until not between clock_timestamp() and clock_timestamp() + interval '30 seconds' as is_over, \
l.durable from ledger_epoch e join ledger_lease l using (ledger) where e.ledger = $1::text";

/// The last frame that begins at a position or before it.
pub(super) const HEADER_AT: &str = "\
select first_position, record_count, tree_root from ledger_frames \
where ledger = $1::text and first_position <= $2::bigint order by first_position desc limit 1";

/// Frames from the one that has a position on, up to a number of them and of bytes; the first one always.
pub(super) const FRAMES_FROM: &str = "\
select first_position, record_count, tree_root, frame from ( \
    select first_position, record_count, tree_root, frame, \
        sum(octet_length(frame)) over (order by first_position) - octet_length(frame) as before \
    from (select * from ledger_frames where ledger = $1::text and first_position >= coalesce( \
        (select max(first_position) from ledger_frames where ledger = $1::text and first_position <= $2::bigint), 1) \
        order by first_position limit $3::bigint) near) bounded \
where before < $4::bigint order by first_position";

/// Locks who leads: waits for an append that is under way.
pub(super) const LOCK_EPOCH: &str = "select epoch from ledger_epoch where ledger = $1::text for update";
/// Locks the lease, and says whether it is over, as above.
pub(super) const LOCK_LEASE: &str = "\
select epoch = 0 or lease_until not between clock_timestamp() and clock_timestamp() + interval '30 seconds' from ledger_lease \
where ledger = $1::text for update";
/// Begins the next epoch.
pub(super) const NEXT_EPOCH: &str = "\
update ledger_epoch set epoch = epoch + 1, holder = $2::text, address = $3::text where ledger = $1::text returning epoch";
/// Takes the lease for an epoch. That all of the records are durable is said once this is: until then others may see it, and it may vanish.
pub(super) const TAKE_LEASE: &str = "\
update ledger_lease set epoch = $2::bigint, lease_until = clock_timestamp() + make_interval(secs => $4::float8), \
durable = least(durable, $3::bigint) where ledger = $1::text";
/// Prolongs the lease and says how far is durable: one row while nobody else leads.
pub(super) const RENEW: &str = "\
update ledger_lease set lease_until = clock_timestamp() + make_interval(secs => $4::float8), durable = greatest(durable, $3::bigint) \
where ledger = $1::text and epoch = $2::bigint";
/// Gives the lease back.
pub(super) const RELEASE: &str = "\
update ledger_lease set lease_until = clock_timestamp(), durable = greatest(durable, $3::bigint) \
where ledger = $1::text and epoch = $2::bigint";

/// Keeps whether a session's commits are replicated as it is, whatever is set elsewhere later.
pub(super) const PIN_COMMITS: &str = "select set_config('synchronous_commit', current_setting('synchronous_commit'), false)";
/// The standbys that commits wait for.
pub(super) const STANDBYS: &str = "select coalesce(current_setting('synchronous_standby_names', true), '')";

/// Notes what is signed: one row, unless more was signed before, or something else of the same size, or another process leads.
pub(super) const NOTE_SIGNED: &str = "\
insert into ledger_signed(ledger, size, root) select $1::text, $2::bigint, $3::bytea from ledger_epoch where ledger = $1::text and \
epoch = $4::bigint on conflict (ledger) do update set size = excluded.size, root = excluded.root \
where ledger_signed.size < excluded.size or (ledger_signed.size = excluded.size and ledger_signed.root = excluded.root)";

/// The names of what is kept beside the records.
pub(super) const TEXT_NAMES: &str = "select name from ledger_texts where ledger = $1::text order by name";
/// One of them.
pub(super) const TEXT: &str = "select text from ledger_texts where ledger = $1::text and name = $2::text";
/// Keeps one: one row, unless another process leads.
pub(super) const SET_TEXT: &str = "\
with fence as (select 1 from ledger_epoch where ledger = $1::text and epoch = $3::bigint for share) \
insert into ledger_texts(ledger, name, text) select $1::text, $2::text, $4::text from fence \
on conflict (ledger, name) do update set text = excluded.text";
/// Removes one, and says whether this process leads.
pub(super) const REMOVE_TEXT: &str = "\
with fence as (select 1 from ledger_epoch where ledger = $1::text and epoch = $3::bigint for share), \
removed as (delete from ledger_texts using fence where ledger = $1::text and name = $2::text) select 1 from fence";

/// The settings that decide whether what is acknowledged can be lost.
pub(super) const SETTINGS: &str = "select current_setting('fsync', true), current_setting('full_page_writes', true), \
    current_setting('synchronous_commit', true), current_setting('synchronous_standby_names', true)";
