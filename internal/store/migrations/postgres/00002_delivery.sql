-- +goose Up

-- Deliveries know publications and notices.
ALTER TABLE deliveries DROP CONSTRAINT deliveries_step_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_step_check CHECK (step IN ('draft', 'publish', 'mass', 'notice'));
ALTER TABLE deliveries ADD COLUMN publish_id TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN publication TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN urls TEXT NOT NULL DEFAULT '[]';
CREATE INDEX deliveries_publish ON deliveries (publish_id) WHERE publish_id <> '';

-- Events of publications stand beside those of mass sends.
ALTER TABLE events RENAME COLUMN msg_id TO id; -- msg_id or publish_id
ALTER TABLE events ADD COLUMN kind TEXT NOT NULL DEFAULT 'mass' CHECK (kind IN ('mass', 'publish'));
ALTER TABLE events ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE events ADD COLUMN publication TEXT NOT NULL DEFAULT '';
ALTER TABLE events ALTER COLUMN publication DROP DEFAULT;
ALTER TABLE events ADD COLUMN refused TEXT NOT NULL DEFAULT '[]';
ALTER TABLE events ALTER COLUMN refused DROP DEFAULT;
ALTER TABLE events ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE events ALTER COLUMN note DROP DEFAULT;
ALTER TABLE events DROP CONSTRAINT events_pkey;
ALTER TABLE events ADD PRIMARY KEY (account, kind, id);

ALTER TABLE editions ADD COLUMN audience TEXT NOT NULL DEFAULT 'all';
ALTER TABLE editions ADD COLUMN review_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE edition_items ADD COLUMN retitled BOOLEAN NOT NULL DEFAULT FALSE;

-- A yes of one stage of a review, to exactly the bytes with this digest.
CREATE TABLE approvals (
    edition TEXT NOT NULL REFERENCES editions (id),
    digest  TEXT NOT NULL,
    stage   TEXT NOT NULL,
    who     TEXT NOT NULL,
    note    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (edition, digest, stage)
);

-- Followers of a notice edition; openids are sealed, and told apart by their HMAC.
CREATE TABLE recipients (
    edition TEXT NOT NULL REFERENCES editions (id),
    mac     TEXT NOT NULL,
    sealed  BYTEA NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('intended', 'in_flight', 'done', 'failed', 'unknown')),
    node    TEXT NOT NULL DEFAULT '',
    reason  TEXT NOT NULL DEFAULT '',
    at      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (edition, mac)
);
CREATE INDEX recipients_open ON recipients (edition, state);

-- What the admin was told of editions that are out, once each.
CREATE TABLE notices (
    edition TEXT NOT NULL REFERENCES editions (id),
    article TEXT NOT NULL, -- its public id
    kind    TEXT NOT NULL,
    hash    TEXT NOT NULL, -- of the article's content when it was told
    detail  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (edition, article, kind, hash)
);

-- How often calls were made on a day of the site that WeChat allows only so many times a day.
CREATE TABLE call_counts (
    account TEXT NOT NULL,
    call    TEXT NOT NULL,
    day     TEXT NOT NULL, -- 2006-01-02 in the site's zone
    made    BIGINT NOT NULL,
    PRIMARY KEY (account, call, day)
);
