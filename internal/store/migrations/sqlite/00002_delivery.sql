-- +goose Up

-- Deliveries know publications and notices. SQLite changes no CHECK in place: the table is written anew.
CREATE TABLE deliveries_new (
    edition         TEXT NOT NULL REFERENCES editions (id),
    step            TEXT NOT NULL CHECK (step IN ('draft', 'publish', 'mass', 'notice')),
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
    publish_id      TEXT NOT NULL DEFAULT '',
    publication     TEXT NOT NULL DEFAULT '',
    urls            TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (edition, step)
);
INSERT INTO deliveries_new (edition, step, state, attempt, key, request_hash, node, first_called_at, called_at, deadline, doubt_at,
        looks, first_look_at, last_look_at, ended_at, reason, detail, media_id, msg_id)
    SELECT edition, step, state, attempt, key, request_hash, node, first_called_at, called_at, deadline, doubt_at,
        looks, first_look_at, last_look_at, ended_at, reason, detail, media_id, msg_id FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE INDEX deliveries_in_flight ON deliveries (state) WHERE state = 'in_flight';
CREATE INDEX deliveries_msg ON deliveries (msg_id) WHERE msg_id <> '';
CREATE INDEX deliveries_publish ON deliveries (publish_id) WHERE publish_id <> '';

-- Events of publications stand beside those of mass sends.
CREATE TABLE events_new (
    account     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('mass', 'publish')),
    id          TEXT NOT NULL, -- msg_id or publish_id
    status      TEXT NOT NULL,
    total       BIGINT NOT NULL,
    filtered    BIGINT NOT NULL,
    sent_to     BIGINT NOT NULL,
    errors      BIGINT NOT NULL,
    urls        TEXT NOT NULL,
    publication TEXT NOT NULL,
    refused     TEXT NOT NULL,
    note        TEXT NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (account, kind, id)
);
INSERT INTO events_new (account, kind, id, status, total, filtered, sent_to, errors, urls, publication, refused, note, at)
    SELECT account, 'mass', msg_id, status, total, filtered, sent_to, errors, urls, '', '[]', '', at FROM events;
DROP TABLE events;
ALTER TABLE events_new RENAME TO events;

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
    sealed  BLOB NOT NULL,
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
