PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
INSERT INTO river_migration VALUES('main',1,'2026-11-25 23:45:40');
INSERT INTO river_migration VALUES('main',2,'2026-11-25 23:45:40');
INSERT INTO river_migration VALUES('main',3,'2026-11-25 23:45:40');
INSERT INTO river_migration VALUES('main',4,'2026-11-25 23:45:40');
INSERT INTO river_migration VALUES('main',5,'2026-11-25 23:45:40');
INSERT INTO river_migration VALUES('main',6,'2026-11-25 23:45:40');
INSERT INTO river_migration VALUES('main',7,'2026-11-25 23:45:40');
INSERT INTO river_migration VALUES('main',8,'2026-11-25 23:45:40');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
INSERT INTO river_notification VALUES(1,'2026-11-25 23:45:40.624','{"queue": "render"}','river_insert');
INSERT INTO river_notification VALUES(2,'2026-11-25 23:45:40.630','{"queue": "render"}','river_insert');
INSERT INTO river_notification VALUES(3,'2026-11-25 23:45:40.636','{"queue": "render"}','river_insert');
INSERT INTO river_notification VALUES(4,'2026-11-25 23:45:40.649','{"queue": "push"}','river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE river_job (
    id integer PRIMARY KEY AUTOINCREMENT,
    args blob NOT NULL DEFAULT (jsonb('{}')),
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL DEFAULT 25,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (jsonb('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
INSERT INTO river_job VALUES(1,X'cc0f27646f6772656e6465722769641761',0,NULL,NULL,'2026-11-25 23:45:40.624',NULL,NULL,'wefeed',6,X'cc26c71272697665723a756e697175655f6e6f6e6365c71061326230646561376563636439373036',1,'render','available','2026-11-25 23:45:40.624',X'0b',X'5f150e567324173fe38dd5bde2eedd0bc230673a3b886a6599e6d03c3b61edde',241);
INSERT INTO river_job VALUES(2,X'cc0f27646f6772656e6465722769641762',0,NULL,NULL,'2026-11-25 23:45:40.626',NULL,NULL,'wefeed',6,X'cc26c71272697665723a756e697175655f6e6f6e6365c71063376334623630316563393966643432',1,'render','available','2026-11-25 23:45:40.626',X'0b',X'010fb90b50c4a2a377836e765240e4f6b47d61c7f11ad3f31fcda3d9d0f85b20',241);
INSERT INTO river_job VALUES(7,X'cc1127646f7764656c69766572276964276531',0,NULL,NULL,'2026-11-25 23:45:40.649',NULL,NULL,'wefeed',6,X'cc26c71272697665723a756e697175655f6e6f6e6365c71033383561353863623163663866353761',1,'push','available','2026-11-25 23:45:40.649',X'0b',X'bec3933c9a619b6772b30f7303404b7f852b7194259ec76586f74d6e6df95327',241);
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-25 23:45:40');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-25 23:45:40');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-25 23:45:40');
CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);
INSERT INTO meta VALUES('ingest',3);
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
INSERT INTO sources VALUES('a','http://portal.example/a/','"list"','',1795158000000000,1795161600000000,1795161600000000,'','',0);
INSERT INTO sources VALUES('b','http://portal.example/b/','"list"','',1795158000000000,1795161660000000,1795161660000000,'','',0);
INSERT INTO sources VALUES('c','','','',0,1795161600000000,0,'status','HTTP 500',1);
CREATE TABLE sections (
    id         TEXT PRIMARY KEY NOT NULL,
    changed_at BIGINT NOT NULL DEFAULT 0,
    held_at    BIGINT NOT NULL DEFAULT 0,
    held_by    TEXT NOT NULL DEFAULT '',
    held_why   TEXT NOT NULL DEFAULT ''
);
INSERT INTO sections VALUES('a',1795161660000000,0,'','');
INSERT INTO sections VALUES('b',1795161660000000,0,'','');
INSERT INTO sections VALUES('c',0,1795161600000000,'lin','看看');
CREATE TABLE articles (
    seq              INTEGER PRIMARY KEY NOT NULL,
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
INSERT INTO articles VALUES(1,'2a02b37a050c5fbaa2e06931abe80922',NULL,'a','x/1','http://x/1','一','王记者','天津日报','李编辑',1795104000000000,28800,'day',1795161600000000,1795161600000000,1795161600000000,0,'live',0,1,0,0,0,1795161600000000,1795161600000000,'"一"','Fri, 20 Nov 2026 08:00:00 GMT','90c6693a29fd9589f06a870d7c9bc616299237107305ae9e5e875bb453bee5b2','["http://portal.example/1.jpg"]','[{"url":"http://portal.example/1.mp4","type":"video/mp4","length":12,"title":"视频"}]','<p>一</p>');
INSERT INTO articles VALUES(2,'7679586519e5f094adf5bda8d7728c44',NULL,'a','x/2','http://x/2','二','王记者','天津日报','李编辑',1795104000000000,28800,'day',1795161600000000,1795161600000000,1795161600000000,1,'live',0,1,0,0,0,1795161600000000,1795161600000000,'"二"','Fri, 20 Nov 2026 08:00:00 GMT','66743246aaa82447e95adc7ebb2c5ca02a0217501bdaa72166239eec01bcbf52','["http://portal.example/1.jpg"]','[{"url":"http://portal.example/1.mp4","type":"video/mp4","length":12,"title":"视频"}]','<p>二</p>');
INSERT INTO articles VALUES(3,'0f3dfe8ef85002f33c3f2a509668c3ae',2,'b','y/1','http://y/1','一一','王记者','天津日报','李编辑',1795104000000000,28800,'day',1795161600000000,1795161600000000,1795161600000000,0,'live',0,1,0,0,0,1795161600000000,0,'"一一"','Fri, 20 Nov 2026 08:00:00 GMT','030c8dcd8f7d1c8b569fcad61daa636a530c93b878d97bf7ba563fdf7deed991','["http://portal.example/1.jpg"]','[{"url":"http://portal.example/1.mp4","type":"video/mp4","length":12,"title":"视频"}]','<p>一一</p>');
CREATE TABLE article_keys (
    key     TEXT PRIMARY KEY NOT NULL,
    article BIGINT NOT NULL REFERENCES articles (seq)
);
INSERT INTO article_keys VALUES('x/1',1);
INSERT INTO article_keys VALUES('x/2',2);
INSERT INTO article_keys VALUES('y/1',2);
INSERT INTO article_keys VALUES('y/0',2);
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
INSERT INTO memberships VALUES(1,'a','a',1795161600000000,1795161600000000,0,1,1795161600000000);
INSERT INTO memberships VALUES(2,'a','a',1795161600000000,1795161600000000,1,1,1795161600000000);
INSERT INTO memberships VALUES(2,'b','b',1795161600000000,1795161600000000,1,1,1795161600000000);
CREATE TABLE baselines (
    channel TEXT NOT NULL,
    section TEXT NOT NULL,
    seq     BIGINT NOT NULL, -- articles up to this ingest number are not pushed
    at      BIGINT NOT NULL,
    PRIMARY KEY (channel, section)
);
INSERT INTO baselines VALUES('drafts','a',0,1795161600000000);
INSERT INTO baselines VALUES('drafts','b',0,1795161600000000);
INSERT INTO baselines VALUES('daily','a',0,1795161600000000);
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
    changed_at BIGINT NOT NULL, audience TEXT NOT NULL DEFAULT 'all', review_by BIGINT NOT NULL DEFAULT 0,
    UNIQUE (channel, slot)
);
INSERT INTO editions VALUES('e1','drafts','acc','draft','sending','','','',1795161600000000,1795165200000000,0,'','m','','null',1795161600000000,1795161600000000,'',0);
CREATE TABLE edition_items (
    edition    TEXT NOT NULL REFERENCES editions (id),
    place      INTEGER NOT NULL,
    article_id TEXT NOT NULL,  -- as it was sent
    article    BIGINT NOT NULL REFERENCES articles (seq), -- follows merges
    title      TEXT NOT NULL, retitled BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (edition, place)
);
INSERT INTO edition_items VALUES('e1',0,'2a02b37a050c5fbaa2e06931abe80922',1,'一',0);
CREATE TABLE media (
    account  TEXT NOT NULL,
    used_as  TEXT NOT NULL CHECK (used_as IN ('body', 'cover')),
    hash     TEXT NOT NULL,
    url      TEXT NOT NULL,
    media_id TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (account, used_as, hash)
);
INSERT INTO media VALUES('acc','body','h','u','',1795161600000000);
CREATE TABLE red_button (
    one     INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    stopped BOOLEAN NOT NULL,
    at      BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    why     TEXT NOT NULL
);
INSERT INTO red_button VALUES(1,1,1795161600000000,'lin','演练');
CREATE TABLE tokens (
    account TEXT PRIMARY KEY NOT NULL,
    sealed  BLOB NOT NULL,
    expires BIGINT NOT NULL
);
INSERT INTO tokens VALUES('acc',X'69c4cb0c9980626844c3d9cd12a7c0410599ca24029685dc2f66c0a3d5029156a76bfe',1795165200000000);
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
INSERT INTO due VALUES('collect','c',1,0,'','',1795161610000000,0);
INSERT INTO due VALUES('now','drafts 2026-11-20T08:00:00Z',1,0,'急','',1795161600000000,0);
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY NOT NULL,
    at      BIGINT NOT NULL,
    who     TEXT NOT NULL,
    act     TEXT NOT NULL,
    subject TEXT NOT NULL,
    ok      BOOLEAN NOT NULL,
    detail  TEXT NOT NULL
);
INSERT INTO audit VALUES(1,1795161600000000,'lin','section.hold','c',1,'看看');
INSERT INTO audit VALUES(2,1795161600000000,'lin','push.stop','',1,'演练');
INSERT INTO audit VALUES(3,1795161600000000,'lin','push.now','drafts',1,'急');
CREATE TABLE IF NOT EXISTS "deliveries" (
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
INSERT INTO deliveries VALUES('e1','draft','in_flight',1,'m','','n1',1795161600000000,1795161600000000,1795161660000000,0,0,0,0,0,'','','','','','','null');
CREATE TABLE IF NOT EXISTS "events" (
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
INSERT INTO events VALUES('acc','mass','1','send success',0,0,0,0,'["u"]','','null','',1795161600000000);
CREATE TABLE approvals (
    edition TEXT NOT NULL REFERENCES editions (id),
    digest  TEXT NOT NULL,
    stage   TEXT NOT NULL,
    who     TEXT NOT NULL,
    note    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (edition, digest, stage)
);
INSERT INTO approvals VALUES('e1','d','终审','lin','',1);
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
INSERT INTO recipients VALUES('e1','02fd790c681ded57eb20a95dafe2e2bf',X'8f44bf48c30f2dd7862483017868a0a5e070359aa5f451c6315cd9415073f9d52bd842ef82','intended','','',0);
INSERT INTO recipients VALUES('e1','4e1bcd7efd047c166e50d1a4e1400414',X'be7457cb62bbfde8ad397ec002349f51946e2efdd060ed5bec06f742b884a37967ab55','intended','','',0);
CREATE TABLE notices (
    edition TEXT NOT NULL REFERENCES editions (id),
    article TEXT NOT NULL, -- its public id
    kind    TEXT NOT NULL,
    hash    TEXT NOT NULL, -- of the article's content when it was told
    detail  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (edition, article, kind, hash)
);
INSERT INTO notices VALUES('e1','2a02b37a050c5fbaa2e06931abe80922','corrected','h','更正',1795161600000000);
CREATE TABLE call_counts (
    account TEXT NOT NULL,
    call    TEXT NOT NULL,
    day     TEXT NOT NULL, -- 2006-01-02 in the site's zone
    made    BIGINT NOT NULL,
    PRIMARY KEY (account, call, day)
);
INSERT INTO call_counts VALUES('acc','freepublish','2026-11-20',1);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('river_job',7);
INSERT INTO sqlite_sequence VALUES('goose_db_version',3);
INSERT INTO sqlite_sequence VALUES('river_notification',4);
CREATE INDEX river_notification_created_at_idx ON river_notification (created_at);
CREATE INDEX river_notification_topic_id_idx ON river_notification (topic, id);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
CREATE INDEX sections_changed ON sections (changed_at);
CREATE INDEX articles_fresh ON articles (first_seen) WHERE status = 'live' AND NOT backlog AND merged_into IS NULL;
CREATE INDEX articles_merged ON articles (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX article_keys_article ON article_keys (article);
CREATE INDEX memberships_newest ON memberships (section, sort_at DESC, place, article) WHERE shown;
CREATE INDEX memberships_checks ON memberships (section, next_check) WHERE next_check > 0;
CREATE INDEX editions_open ON editions (state);
CREATE INDEX editions_account ON editions (account, kind, slot);
CREATE INDEX edition_items_article ON edition_items (article);
CREATE INDEX due_next ON due (next_at) WHERE next_at > 0;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE INDEX deliveries_in_flight ON deliveries (state) WHERE state = 'in_flight';
CREATE INDEX deliveries_msg ON deliveries (msg_id) WHERE msg_id <> '';
CREATE INDEX deliveries_publish ON deliveries (publish_id) WHERE publish_id <> '';
CREATE INDEX recipients_open ON recipients (edition, state);
COMMIT;
