-- +goose Up

-- Times are microseconds since 1970 in UTC, 0 = never. Lists are JSON text.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);
INSERT INTO meta (name, value) VALUES ('ingest', 0);

CREATE TABLE sources (
    id            TEXT PRIMARY KEY NOT NULL,
    url           TEXT NOT NULL DEFAULT '', -- that etag, last_modified and learned are of
    etag          TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    learned       BIGINT NOT NULL DEFAULT 0,
    tried_at      BIGINT NOT NULL DEFAULT 0,
    success_at    BIGINT NOT NULL DEFAULT 0,
    fault         TEXT NOT NULL DEFAULT '',
    detail        TEXT NOT NULL DEFAULT '',
    failures      INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE sections (
    id         TEXT PRIMARY KEY NOT NULL,
    changed_at BIGINT NOT NULL DEFAULT 0,
    held_at    BIGINT NOT NULL DEFAULT 0,
    held_by    TEXT NOT NULL DEFAULT '',
    held_why   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sections_changed ON sections (changed_at);

CREATE TABLE articles (
    seq              BIGINT PRIMARY KEY NOT NULL,
    id               TEXT NOT NULL UNIQUE,
    merged_into      BIGINT REFERENCES articles (seq),
    source_id        TEXT NOT NULL,
    key              TEXT NOT NULL,
    url              TEXT NOT NULL,
    title            TEXT NOT NULL,
    author           TEXT NOT NULL,
    origin           TEXT NOT NULL,
    editor           TEXT NOT NULL,
    published        BIGINT NOT NULL,
    published_offset INTEGER NOT NULL, -- seconds east of UTC, as printed
    precise          TEXT NOT NULL CHECK (precise IN ('', 'day', 'minute', 'second')),
    updated          BIGINT NOT NULL,
    first_seen       BIGINT NOT NULL,
    sort_at          BIGINT NOT NULL,
    place            INTEGER NOT NULL,
    status           TEXT NOT NULL CHECK (status IN ('pending', 'live', 'held', 'withdrawn')),
    backlog          BOOLEAN NOT NULL,
    from_page        BOOLEAN NOT NULL,
    missing          INTEGER NOT NULL,
    missing_at       BIGINT NOT NULL,
    withdrawn_at     BIGINT NOT NULL,
    checked_at       BIGINT NOT NULL,
    next_check       BIGINT NOT NULL,
    etag             TEXT NOT NULL,
    last_modified    TEXT NOT NULL,
    hash             TEXT NOT NULL,
    images           TEXT NOT NULL,
    enclosures       TEXT NOT NULL,
    content          TEXT NOT NULL -- last: it may run over many pages
);
-- Candidates: what may be pushed is young.
CREATE INDEX articles_fresh ON articles (first_seen) WHERE status = 'live' AND NOT backlog AND merged_into IS NULL;

CREATE INDEX articles_merged ON articles (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE article_keys (
    key     TEXT PRIMARY KEY NOT NULL,
    article BIGINT NOT NULL REFERENCES articles (seq)
);
CREATE INDEX article_keys_article ON article_keys (article);

-- A membership repeats what orders and selects its article, so that a section's feed is one walk along an index.
CREATE TABLE memberships (
    article    BIGINT NOT NULL REFERENCES articles (seq),
    section    TEXT NOT NULL,
    source     TEXT NOT NULL,
    joined     BIGINT NOT NULL,
    sort_at    BIGINT NOT NULL,
    place      INTEGER NOT NULL,
    shown      BOOLEAN NOT NULL,
    next_check BIGINT NOT NULL,
    PRIMARY KEY (article, section)
);
CREATE INDEX memberships_newest ON memberships (section, sort_at DESC, place, article) WHERE shown;
CREATE INDEX memberships_checks ON memberships (section, next_check) WHERE next_check > 0;

CREATE TABLE baselines (
    channel TEXT NOT NULL,
    section TEXT NOT NULL,
    seq     BIGINT NOT NULL, -- articles up to this ingest number are not pushed
    at      BIGINT NOT NULL,
    PRIMARY KEY (channel, section)
);

CREATE TABLE editions (
    id         TEXT PRIMARY KEY NOT NULL,
    channel    TEXT NOT NULL,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('draft', 'publish', 'mass', 'notice')),
    state      TEXT NOT NULL CHECK (state IN ('planned', 'in_review', 'approved', 'sending', 'submitted', 'sent',
                   'handed_over', 'held', 'unknown', 'failed', 'expired', 'rejected', 'withdrawn')),
    before     TEXT NOT NULL DEFAULT '',
    reason     TEXT NOT NULL DEFAULT '',
    detail     TEXT NOT NULL DEFAULT '',
    slot       BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    extra      BOOLEAN NOT NULL,
    why        TEXT NOT NULL DEFAULT '',
    mark       TEXT NOT NULL DEFAULT '',
    digest     TEXT NOT NULL DEFAULT '',
    pieces     TEXT NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (channel, slot)
);
CREATE INDEX editions_open ON editions (state);
CREATE INDEX editions_account ON editions (account, kind, slot);

CREATE TABLE edition_items (
    edition    TEXT NOT NULL REFERENCES editions (id),
    place      INTEGER NOT NULL,
    article_id TEXT NOT NULL,  -- as it was sent
    article    BIGINT NOT NULL REFERENCES articles (seq), -- follows merges
    title      TEXT NOT NULL,
    PRIMARY KEY (edition, place)
);
CREATE INDEX edition_items_article ON edition_items (article);

CREATE TABLE deliveries (
    edition         TEXT NOT NULL REFERENCES editions (id),
    step            TEXT NOT NULL CHECK (step IN ('draft', 'publish', 'mass')),
    state           TEXT NOT NULL CHECK (state IN ('intended', 'in_flight', 'done', 'failed', 'unknown')),
    attempt         INTEGER NOT NULL CHECK (attempt >= 1),
    key             TEXT NOT NULL,
    request_hash    TEXT NOT NULL DEFAULT '',
    node            TEXT NOT NULL DEFAULT '',
    first_called_at BIGINT NOT NULL DEFAULT 0,
    called_at       BIGINT NOT NULL DEFAULT 0,
    deadline        BIGINT NOT NULL DEFAULT 0,
    doubt_at        BIGINT NOT NULL DEFAULT 0,
    looks           INTEGER NOT NULL DEFAULT 0,
    first_look_at   BIGINT NOT NULL DEFAULT 0,
    last_look_at    BIGINT NOT NULL DEFAULT 0,
    ended_at        BIGINT NOT NULL DEFAULT 0,
    reason          TEXT NOT NULL DEFAULT '',
    detail          TEXT NOT NULL DEFAULT '',
    media_id        TEXT NOT NULL DEFAULT '',
    msg_id          TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (edition, step)
);
CREATE INDEX deliveries_in_flight ON deliveries (state) WHERE state = 'in_flight';
CREATE INDEX deliveries_msg ON deliveries (msg_id) WHERE msg_id <> '';

CREATE TABLE media (
    account  TEXT NOT NULL,
    used_as  TEXT NOT NULL CHECK (used_as IN ('body', 'cover')),
    hash     TEXT NOT NULL,
    url      TEXT NOT NULL,
    media_id TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (account, used_as, hash)
);

CREATE TABLE events (
    account  TEXT NOT NULL,
    msg_id   TEXT NOT NULL,
    status   TEXT NOT NULL,
    total    BIGINT NOT NULL,
    filtered BIGINT NOT NULL,
    sent_to  BIGINT NOT NULL,
    errors   BIGINT NOT NULL,
    urls     TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (account, msg_id)
);

-- The red button: one row.
CREATE TABLE red_button (
    one     INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    stopped BOOLEAN NOT NULL,
    at      BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    why     TEXT NOT NULL
);

CREATE TABLE tokens (
    account TEXT PRIMARY KEY NOT NULL,
    sealed  BYTEA NOT NULL,
    expires BIGINT NOT NULL
);

-- A row with once set is rung one time and then deleted; the others follow their spec. A soft one was set by the work
-- itself, whose next word replaces it; what anyone else rang stays until it is rung. next_at 0: parked.
CREATE TABLE due (
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL,
    once     BOOLEAN NOT NULL,
    soft     BOOLEAN NOT NULL DEFAULT FALSE,
    arg      TEXT NOT NULL DEFAULT '',
    spec     TEXT NOT NULL DEFAULT '',
    next_at  BIGINT NOT NULL,
    last_run BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, id, once)
);
CREATE INDEX due_next ON due (next_at) WHERE next_at > 0;

CREATE TABLE audit (
    seq     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    who     TEXT NOT NULL,
    act     TEXT NOT NULL,
    subject TEXT NOT NULL,
    ok      BOOLEAN NOT NULL,
    detail  TEXT NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
