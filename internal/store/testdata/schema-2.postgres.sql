--
-- PostgreSQL database dump
--

\restrict Js1h9vf1Tbh7mV2anBQxM4GYLkenuKvKU3agYIeq7twV9Ta3gxcXy9aEeU9ZGwr

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: river_job_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.river_job_state AS ENUM (
    'available',
    'cancelled',
    'completed',
    'discarded',
    'pending',
    'retryable',
    'running',
    'scheduled'
);


--
-- Name: audit_is_append_only(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.audit_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END;
$$;


--
-- Name: river_job_state_in_bitmask(bit, public.river_job_state); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.river_job_state_in_bitmask(bitmask bit, state public.river_job_state) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE state
        WHEN 'available' THEN get_bit(bitmask, 7)
        WHEN 'cancelled' THEN get_bit(bitmask, 6)
        WHEN 'completed' THEN get_bit(bitmask, 5)
        WHEN 'discarded' THEN get_bit(bitmask, 4)
        WHEN 'pending'   THEN get_bit(bitmask, 3)
        WHEN 'retryable' THEN get_bit(bitmask, 2)
        WHEN 'running'   THEN get_bit(bitmask, 1)
        WHEN 'scheduled' THEN get_bit(bitmask, 0)
        ELSE 0
    END = 1;
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: approvals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.approvals (
    edition text NOT NULL,
    digest text NOT NULL,
    stage text NOT NULL,
    who text NOT NULL,
    note text NOT NULL,
    at bigint NOT NULL
);


--
-- Name: article_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.article_keys (
    key text NOT NULL,
    article bigint NOT NULL
);


--
-- Name: articles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.articles (
    seq bigint NOT NULL,
    id text NOT NULL,
    merged_into bigint,
    source_id text NOT NULL,
    key text NOT NULL,
    url text NOT NULL,
    title text NOT NULL,
    author text NOT NULL,
    origin text NOT NULL,
    editor text NOT NULL,
    published bigint NOT NULL,
    published_offset integer NOT NULL,
    precise text NOT NULL,
    updated bigint NOT NULL,
    first_seen bigint NOT NULL,
    sort_at bigint NOT NULL,
    place integer NOT NULL,
    status text NOT NULL,
    backlog boolean NOT NULL,
    from_page boolean NOT NULL,
    missing integer NOT NULL,
    missing_at bigint NOT NULL,
    withdrawn_at bigint NOT NULL,
    checked_at bigint NOT NULL,
    next_check bigint NOT NULL,
    etag text NOT NULL,
    last_modified text NOT NULL,
    hash text NOT NULL,
    images text NOT NULL,
    enclosures text NOT NULL,
    content text NOT NULL,
    CONSTRAINT articles_precise_check CHECK ((precise = ANY (ARRAY[''::text, 'day'::text, 'minute'::text, 'second'::text]))),
    CONSTRAINT articles_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'live'::text, 'held'::text, 'withdrawn'::text])))
);


--
-- Name: audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit (
    seq bigint NOT NULL,
    at bigint NOT NULL,
    who text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    ok boolean NOT NULL,
    detail text NOT NULL
);


--
-- Name: audit_seq_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.audit ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: baselines; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.baselines (
    channel text NOT NULL,
    section text NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL
);


--
-- Name: call_counts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.call_counts (
    account text NOT NULL,
    call text NOT NULL,
    day text NOT NULL,
    made bigint NOT NULL
);


--
-- Name: deliveries; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.deliveries (
    edition text NOT NULL,
    step text NOT NULL,
    state text NOT NULL,
    attempt integer NOT NULL,
    key text NOT NULL,
    request_hash text DEFAULT ''::text NOT NULL,
    node text DEFAULT ''::text NOT NULL,
    first_called_at bigint DEFAULT 0 NOT NULL,
    called_at bigint DEFAULT 0 NOT NULL,
    deadline bigint DEFAULT 0 NOT NULL,
    doubt_at bigint DEFAULT 0 NOT NULL,
    looks integer DEFAULT 0 NOT NULL,
    first_look_at bigint DEFAULT 0 NOT NULL,
    last_look_at bigint DEFAULT 0 NOT NULL,
    ended_at bigint DEFAULT 0 NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    media_id text DEFAULT ''::text NOT NULL,
    msg_id text DEFAULT ''::text NOT NULL,
    publish_id text DEFAULT ''::text NOT NULL,
    publication text DEFAULT ''::text NOT NULL,
    urls text DEFAULT '[]'::text NOT NULL,
    CONSTRAINT deliveries_attempt_check CHECK ((attempt >= 1)),
    CONSTRAINT deliveries_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'in_flight'::text, 'done'::text, 'failed'::text, 'unknown'::text]))),
    CONSTRAINT deliveries_step_check CHECK ((step = ANY (ARRAY['draft'::text, 'publish'::text, 'mass'::text, 'notice'::text])))
);


--
-- Name: due; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.due (
    kind text NOT NULL,
    id text NOT NULL,
    once boolean NOT NULL,
    soft boolean DEFAULT false NOT NULL,
    arg text DEFAULT ''::text NOT NULL,
    spec text DEFAULT ''::text NOT NULL,
    next_at bigint NOT NULL,
    last_run bigint DEFAULT 0 NOT NULL
);


--
-- Name: edition_items; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.edition_items (
    edition text NOT NULL,
    place integer NOT NULL,
    article_id text NOT NULL,
    article bigint NOT NULL,
    title text NOT NULL,
    retitled boolean DEFAULT false NOT NULL
);


--
-- Name: editions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.editions (
    id text NOT NULL,
    channel text NOT NULL,
    account text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    before text DEFAULT ''::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    slot bigint NOT NULL,
    expires bigint NOT NULL,
    extra boolean NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    mark text DEFAULT ''::text NOT NULL,
    digest text DEFAULT ''::text NOT NULL,
    pieces text DEFAULT '[]'::text NOT NULL,
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    audience text DEFAULT 'all'::text NOT NULL,
    review_by bigint DEFAULT 0 NOT NULL,
    CONSTRAINT editions_kind_check CHECK ((kind = ANY (ARRAY['draft'::text, 'publish'::text, 'mass'::text, 'notice'::text]))),
    CONSTRAINT editions_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'in_review'::text, 'approved'::text, 'sending'::text, 'submitted'::text, 'sent'::text, 'handed_over'::text, 'held'::text, 'unknown'::text, 'failed'::text, 'expired'::text, 'rejected'::text, 'withdrawn'::text])))
);


--
-- Name: events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events (
    account text NOT NULL,
    id text NOT NULL,
    status text NOT NULL,
    total bigint NOT NULL,
    filtered bigint NOT NULL,
    sent_to bigint NOT NULL,
    errors bigint NOT NULL,
    urls text NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    publication text NOT NULL,
    refused text NOT NULL,
    note text NOT NULL,
    CONSTRAINT events_kind_check CHECK ((kind = ANY (ARRAY['mass'::text, 'publish'::text])))
);


--
-- Name: goose_db_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.goose_db_version (
    id integer NOT NULL,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp without time zone DEFAULT now() NOT NULL
);


--
-- Name: goose_db_version_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.goose_db_version ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.goose_db_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: media; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.media (
    account text NOT NULL,
    used_as text NOT NULL,
    hash text NOT NULL,
    url text NOT NULL,
    media_id text NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT media_used_as_check CHECK ((used_as = ANY (ARRAY['body'::text, 'cover'::text])))
);


--
-- Name: memberships; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.memberships (
    article bigint NOT NULL,
    section text NOT NULL,
    source text NOT NULL,
    joined bigint NOT NULL,
    sort_at bigint NOT NULL,
    place integer NOT NULL,
    shown boolean NOT NULL,
    next_check bigint NOT NULL
);


--
-- Name: meta; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.meta (
    name text NOT NULL,
    value bigint NOT NULL
);


--
-- Name: notices; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.notices (
    edition text NOT NULL,
    article text NOT NULL,
    kind text NOT NULL,
    hash text NOT NULL,
    detail text NOT NULL,
    at bigint NOT NULL
);


--
-- Name: recipients; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.recipients (
    edition text NOT NULL,
    mac text NOT NULL,
    sealed bytea NOT NULL,
    state text NOT NULL,
    node text DEFAULT ''::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    at bigint DEFAULT 0 NOT NULL,
    CONSTRAINT recipients_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'in_flight'::text, 'done'::text, 'failed'::text, 'unknown'::text])))
);


--
-- Name: red_button; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.red_button (
    one integer NOT NULL,
    stopped boolean NOT NULL,
    at bigint NOT NULL,
    by_whom text NOT NULL,
    why text NOT NULL,
    CONSTRAINT red_button_one_check CHECK ((one = 1))
);


--
-- Name: river_job; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.river_job (
    id bigint NOT NULL,
    state public.river_job_state DEFAULT 'available'::public.river_job_state NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    max_attempts smallint DEFAULT 25 NOT NULL,
    attempted_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finalized_at timestamp with time zone,
    scheduled_at timestamp with time zone DEFAULT now() NOT NULL,
    priority smallint DEFAULT 1 NOT NULL,
    args jsonb NOT NULL,
    attempted_by text[],
    errors jsonb[],
    kind text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    queue text DEFAULT 'default'::text NOT NULL,
    tags character varying(255)[] DEFAULT '{}'::character varying[] NOT NULL,
    unique_key bytea,
    unique_states bit(8),
    CONSTRAINT finalized_or_finalized_at_null CHECK ((((finalized_at IS NULL) AND (state <> ALL (ARRAY['cancelled'::public.river_job_state, 'completed'::public.river_job_state, 'discarded'::public.river_job_state]))) OR ((finalized_at IS NOT NULL) AND (state = ANY (ARRAY['cancelled'::public.river_job_state, 'completed'::public.river_job_state, 'discarded'::public.river_job_state]))))),
    CONSTRAINT kind_length CHECK (((char_length(kind) > 0) AND (char_length(kind) < 128))),
    CONSTRAINT max_attempts_is_positive CHECK ((max_attempts > 0)),
    CONSTRAINT priority_in_range CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT queue_length CHECK (((char_length(queue) > 0) AND (char_length(queue) < 128)))
);


--
-- Name: river_job_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.river_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: river_job_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.river_job_id_seq OWNED BY public.river_job.id;


--
-- Name: river_leader; Type: TABLE; Schema: public; Owner: -
--

CREATE UNLOGGED TABLE public.river_leader (
    elected_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    leader_id text NOT NULL,
    name text DEFAULT 'default'::text NOT NULL,
    CONSTRAINT leader_id_length CHECK (((char_length(leader_id) > 0) AND (char_length(leader_id) < 128))),
    CONSTRAINT name_length CHECK ((name = 'default'::text))
);


--
-- Name: river_migration; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.river_migration (
    line text NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT line_length CHECK (((char_length(line) > 0) AND (char_length(line) < 128))),
    CONSTRAINT version_gte_1 CHECK ((version >= 1))
);


--
-- Name: river_notification; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.river_notification (
    id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (((length(topic) > 0) AND (length(topic) < 128)))
);


--
-- Name: river_notification_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.river_notification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: river_notification_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.river_notification_id_seq OWNED BY public.river_notification.id;


--
-- Name: river_queue; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.river_queue (
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    paused_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);


--
-- Name: sections; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sections (
    id text NOT NULL,
    changed_at bigint DEFAULT 0 NOT NULL,
    held_at bigint DEFAULT 0 NOT NULL,
    held_by text DEFAULT ''::text NOT NULL,
    held_why text DEFAULT ''::text NOT NULL
);


--
-- Name: sources; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sources (
    id text NOT NULL,
    url text DEFAULT ''::text NOT NULL,
    etag text DEFAULT ''::text NOT NULL,
    last_modified text DEFAULT ''::text NOT NULL,
    learned bigint DEFAULT 0 NOT NULL,
    tried_at bigint DEFAULT 0 NOT NULL,
    success_at bigint DEFAULT 0 NOT NULL,
    fault text DEFAULT ''::text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    failures integer DEFAULT 0 NOT NULL
);


--
-- Name: tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tokens (
    account text NOT NULL,
    sealed bytea NOT NULL,
    expires bigint NOT NULL
);


--
-- Name: river_job id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.river_job ALTER COLUMN id SET DEFAULT nextval('public.river_job_id_seq'::regclass);


--
-- Name: river_notification id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.river_notification ALTER COLUMN id SET DEFAULT nextval('public.river_notification_id_seq'::regclass);


--
-- Data for Name: approvals; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.approvals VALUES ('e1', 'd', '终审', 'lin', '', 1);


--
-- Data for Name: article_keys; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.article_keys VALUES ('x/1', 1);
INSERT INTO public.article_keys VALUES ('x/2', 2);
INSERT INTO public.article_keys VALUES ('y/1', 2);
INSERT INTO public.article_keys VALUES ('y/0', 2);


--
-- Data for Name: articles; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.articles VALUES (1, '2a02b37a050c5fbaa2e06931abe80922', NULL, 'a', 'x/1', 'http://x/1', '一', '王记者', '天津日报', '李编辑', 1795104000000000, 28800, 'day', 1795161600000000, 1795161600000000, 1795161600000000, 0, 'live', false, true, 0, 0, 0, 1795161600000000, 1795161600000000, '"一"', 'Fri, 20 Nov 2026 08:00:00 GMT', '90c6693a29fd9589f06a870d7c9bc616299237107305ae9e5e875bb453bee5b2', '["http://portal.example/1.jpg"]', '[{"url":"http://portal.example/1.mp4","type":"video/mp4","length":12,"title":"视频"}]', '<p>一</p>');
INSERT INTO public.articles VALUES (2, '7679586519e5f094adf5bda8d7728c44', NULL, 'a', 'x/2', 'http://x/2', '二', '王记者', '天津日报', '李编辑', 1795104000000000, 28800, 'day', 1795161600000000, 1795161600000000, 1795161600000000, 1, 'live', false, true, 0, 0, 0, 1795161600000000, 1795161600000000, '"二"', 'Fri, 20 Nov 2026 08:00:00 GMT', '66743246aaa82447e95adc7ebb2c5ca02a0217501bdaa72166239eec01bcbf52', '["http://portal.example/1.jpg"]', '[{"url":"http://portal.example/1.mp4","type":"video/mp4","length":12,"title":"视频"}]', '<p>二</p>');
INSERT INTO public.articles VALUES (3, '0f3dfe8ef85002f33c3f2a509668c3ae', 2, 'b', 'y/1', 'http://y/1', '一一', '王记者', '天津日报', '李编辑', 1795104000000000, 28800, 'day', 1795161600000000, 1795161600000000, 1795161600000000, 0, 'live', false, true, 0, 0, 0, 1795161600000000, 0, '"一一"', 'Fri, 20 Nov 2026 08:00:00 GMT', '030c8dcd8f7d1c8b569fcad61daa636a530c93b878d97bf7ba563fdf7deed991', '["http://portal.example/1.jpg"]', '[{"url":"http://portal.example/1.mp4","type":"video/mp4","length":12,"title":"视频"}]', '<p>一一</p>');


--
-- Data for Name: audit; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (1, 1795161600000000, 'lin', 'section.hold', 'c', true, '看看');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (2, 1795161600000000, 'lin', 'push.stop', '', true, '演练');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (3, 1795161600000000, 'lin', 'push.now', 'drafts', true, '急');


--
-- Data for Name: baselines; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.baselines VALUES ('drafts', 'a', 0, 1795161600000000);
INSERT INTO public.baselines VALUES ('drafts', 'b', 0, 1795161600000000);
INSERT INTO public.baselines VALUES ('daily', 'a', 0, 1795161600000000);


--
-- Data for Name: call_counts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.call_counts VALUES ('acc', 'freepublish', '2026-11-20', 1);


--
-- Data for Name: deliveries; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.deliveries VALUES ('e1', 'draft', 'in_flight', 1, 'm', '', 'n1', 1795161600000000, 1795161600000000, 1795161660000000, 0, 0, 0, 0, 0, '', '', '', '', '', '', 'null');


--
-- Data for Name: due; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.due VALUES ('collect', 'c', true, false, '', '', 1795161610000000, 0);
INSERT INTO public.due VALUES ('now', 'drafts 2026-11-20T08:00:00Z', true, false, '急', '', 1795161600000000, 0);


--
-- Data for Name: edition_items; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.edition_items VALUES ('e1', 0, '2a02b37a050c5fbaa2e06931abe80922', 1, '一', false);


--
-- Data for Name: editions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.editions VALUES ('e1', 'drafts', 'acc', 'draft', 'sending', '', '', '', 1795161600000000, 1795165200000000, false, '', 'm', '', 'null', 1795161600000000, 1795161600000000, '', 0);


--
-- Data for Name: events; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.events VALUES ('acc', '1', 'send success', 0, 0, 0, 0, '["u"]', 1795161600000000, 'mass', '', 'null', '');


--
-- Data for Name: goose_db_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.goose_db_version VALUES (1, 0, true, '2026-11-25 23:45:42.557941');
INSERT INTO public.goose_db_version VALUES (2, 1, true, '2026-11-25 23:45:42.564887');
INSERT INTO public.goose_db_version VALUES (3, 2, true, '2026-11-25 23:45:42.652057');


--
-- Data for Name: media; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.media VALUES ('acc', 'body', 'h', 'u', '', 1795161600000000);


--
-- Data for Name: memberships; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.memberships VALUES (1, 'a', 'a', 1795161600000000, 1795161600000000, 0, true, 1795161600000000);
INSERT INTO public.memberships VALUES (2, 'a', 'a', 1795161600000000, 1795161600000000, 1, true, 1795161600000000);
INSERT INTO public.memberships VALUES (2, 'b', 'b', 1795161600000000, 1795161600000000, 1, true, 1795161600000000);


--
-- Data for Name: meta; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.meta VALUES ('ingest', 3);


--
-- Data for Name: notices; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.notices VALUES ('e1', '2a02b37a050c5fbaa2e06931abe80922', 'corrected', 'h', '更正', 1795161600000000);


--
-- Data for Name: recipients; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.recipients VALUES ('e1', '02fd790c681ded57eb20a95dafe2e2bf', '\x29a8c128b8b7cc22fada745421886a4da95f1bde76793d58949abd047c1bf1af1cebd54d33', 'intended', '', '', 0);
INSERT INTO public.recipients VALUES ('e1', '4e1bcd7efd047c166e50d1a4e1400414', '\x63d9fa07feae3852e6ae3d9167b4142768b26addbe784a41b5c0e63311b213985c886c', 'intended', '', '', 0);


--
-- Data for Name: red_button; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.red_button VALUES (1, true, 1795161600000000, 'lin', '演练');


--
-- Data for Name: river_job; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.river_job VALUES (1, 'available', 0, 6, NULL, '2026-11-25 23:45:42.687125+00', NULL, '2026-11-25 23:45:42.687125+00', 1, '{"do": "render", "id": "a"}', NULL, NULL, 'wefeed', '{}', 'render', '{}', '\x5f150e567324173fe38dd5bde2eedd0bc230673a3b886a6599e6d03c3b61edde', B'11110001');
INSERT INTO public.river_job VALUES (2, 'available', 0, 6, NULL, '2026-11-25 23:45:42.693583+00', NULL, '2026-11-25 23:45:42.693583+00', 1, '{"do": "render", "id": "b"}', NULL, NULL, 'wefeed', '{}', 'render', '{}', '\x010fb90b50c4a2a377836e765240e4f6b47d61c7f11ad3f31fcda3d9d0f85b20', B'11110001');
INSERT INTO public.river_job VALUES (7, 'available', 0, 6, NULL, '2026-11-25 23:45:42.740025+00', NULL, '2026-11-25 23:45:42.740025+00', 1, '{"do": "deliver", "id": "e1"}', NULL, NULL, 'wefeed', '{}', 'push', '{}', '\xbec3933c9a619b6772b30f7303404b7f852b7194259ec76586f74d6e6df95327', B'11110001');


--
-- Data for Name: river_leader; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: river_migration; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.river_migration VALUES ('main', 1, '2026-11-25 23:45:42.474363+00');
INSERT INTO public.river_migration VALUES ('main', 2, '2026-11-25 23:45:42.482799+00');
INSERT INTO public.river_migration VALUES ('main', 3, '2026-11-25 23:45:42.506375+00');
INSERT INTO public.river_migration VALUES ('main', 4, '2026-11-25 23:45:42.508274+00');
INSERT INTO public.river_migration VALUES ('main', 5, '2026-11-25 23:45:42.516462+00');
INSERT INTO public.river_migration VALUES ('main', 6, '2026-11-25 23:45:42.53908+00');
INSERT INTO public.river_migration VALUES ('main', 7, '2026-11-25 23:45:42.542701+00');
INSERT INTO public.river_migration VALUES ('main', 8, '2026-11-25 23:45:42.554441+00');


--
-- Data for Name: river_notification; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: river_queue; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: sections; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.sections VALUES ('a', 1795161660000000, 0, '', '');
INSERT INTO public.sections VALUES ('b', 1795161660000000, 0, '', '');
INSERT INTO public.sections VALUES ('c', 0, 1795161600000000, 'lin', '看看');


--
-- Data for Name: sources; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.sources VALUES ('a', 'http://portal.example/a/', '"list"', '', 1795158000000000, 1795161600000000, 1795161600000000, '', '', 0);
INSERT INTO public.sources VALUES ('b', 'http://portal.example/b/', '"list"', '', 1795158000000000, 1795161660000000, 1795161660000000, '', '', 0);
INSERT INTO public.sources VALUES ('c', '', '', '', 0, 1795161600000000, 0, 'status', 'HTTP 500', 1);


--
-- Data for Name: tokens; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.tokens VALUES ('acc', '\xd6d4ca976ad53a50fafc2acf1247c6934c25e0a04d34c1b3b0fadc0994d0488fd0749e', 1795165200000000);


--
-- Name: audit_seq_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.audit_seq_seq', 3, true);


--
-- Name: goose_db_version_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.goose_db_version_id_seq', 3, true);


--
-- Name: river_job_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.river_job_id_seq', 7, true);


--
-- Name: river_notification_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.river_notification_id_seq', 1, false);


--
-- Name: approvals approvals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT approvals_pkey PRIMARY KEY (edition, digest, stage);


--
-- Name: article_keys article_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.article_keys
    ADD CONSTRAINT article_keys_pkey PRIMARY KEY (key);


--
-- Name: articles articles_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.articles
    ADD CONSTRAINT articles_id_key UNIQUE (id);


--
-- Name: articles articles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.articles
    ADD CONSTRAINT articles_pkey PRIMARY KEY (seq);


--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (seq);


--
-- Name: baselines baselines_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.baselines
    ADD CONSTRAINT baselines_pkey PRIMARY KEY (channel, section);


--
-- Name: call_counts call_counts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.call_counts
    ADD CONSTRAINT call_counts_pkey PRIMARY KEY (account, call, day);


--
-- Name: deliveries deliveries_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (edition, step);


--
-- Name: due due_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.due
    ADD CONSTRAINT due_pkey PRIMARY KEY (kind, id, once);


--
-- Name: edition_items edition_items_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.edition_items
    ADD CONSTRAINT edition_items_pkey PRIMARY KEY (edition, place);


--
-- Name: editions editions_channel_slot_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.editions
    ADD CONSTRAINT editions_channel_slot_key UNIQUE (channel, slot);


--
-- Name: editions editions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.editions
    ADD CONSTRAINT editions_pkey PRIMARY KEY (id);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (account, kind, id);


--
-- Name: goose_db_version goose_db_version_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.goose_db_version
    ADD CONSTRAINT goose_db_version_pkey PRIMARY KEY (id);


--
-- Name: media media_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media
    ADD CONSTRAINT media_pkey PRIMARY KEY (account, used_as, hash);


--
-- Name: memberships memberships_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (article, section);


--
-- Name: meta meta_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (name);


--
-- Name: notices notices_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (edition, article, kind, hash);


--
-- Name: recipients recipients_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recipients
    ADD CONSTRAINT recipients_pkey PRIMARY KEY (edition, mac);


--
-- Name: red_button red_button_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.red_button
    ADD CONSTRAINT red_button_pkey PRIMARY KEY (one);


--
-- Name: river_job river_job_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.river_job
    ADD CONSTRAINT river_job_pkey PRIMARY KEY (id);


--
-- Name: river_leader river_leader_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.river_leader
    ADD CONSTRAINT river_leader_pkey PRIMARY KEY (name);


--
-- Name: river_migration river_migration_pkey1; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.river_migration
    ADD CONSTRAINT river_migration_pkey1 PRIMARY KEY (line, version);


--
-- Name: river_notification river_notification_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.river_notification
    ADD CONSTRAINT river_notification_pkey PRIMARY KEY (id);


--
-- Name: river_queue river_queue_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.river_queue
    ADD CONSTRAINT river_queue_pkey PRIMARY KEY (name);


--
-- Name: sections sections_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sections
    ADD CONSTRAINT sections_pkey PRIMARY KEY (id);


--
-- Name: sources sources_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sources
    ADD CONSTRAINT sources_pkey PRIMARY KEY (id);


--
-- Name: tokens tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (account);


--
-- Name: article_keys_article; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX article_keys_article ON public.article_keys USING btree (article);


--
-- Name: articles_fresh; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX articles_fresh ON public.articles USING btree (first_seen) WHERE ((status = 'live'::text) AND (NOT backlog) AND (merged_into IS NULL));


--
-- Name: articles_merged; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX articles_merged ON public.articles USING btree (merged_into) WHERE (merged_into IS NOT NULL);


--
-- Name: deliveries_in_flight; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX deliveries_in_flight ON public.deliveries USING btree (state) WHERE (state = 'in_flight'::text);


--
-- Name: deliveries_msg; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX deliveries_msg ON public.deliveries USING btree (msg_id) WHERE (msg_id <> ''::text);


--
-- Name: deliveries_publish; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX deliveries_publish ON public.deliveries USING btree (publish_id) WHERE (publish_id <> ''::text);


--
-- Name: due_next; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX due_next ON public.due USING btree (next_at) WHERE (next_at > 0);


--
-- Name: edition_items_article; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX edition_items_article ON public.edition_items USING btree (article);


--
-- Name: editions_account; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX editions_account ON public.editions USING btree (account, kind, slot);


--
-- Name: editions_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX editions_open ON public.editions USING btree (state);


--
-- Name: memberships_checks; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX memberships_checks ON public.memberships USING btree (section, next_check) WHERE (next_check > 0);


--
-- Name: memberships_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX memberships_newest ON public.memberships USING btree (section, sort_at DESC, place, article) WHERE shown;


--
-- Name: recipients_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX recipients_open ON public.recipients USING btree (edition, state);


--
-- Name: river_job_args_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX river_job_args_index ON public.river_job USING gin (args);


--
-- Name: river_job_kind; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX river_job_kind ON public.river_job USING btree (kind);


--
-- Name: river_job_metadata_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX river_job_metadata_index ON public.river_job USING gin (metadata);


--
-- Name: river_job_prioritized_fetching_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX river_job_prioritized_fetching_index ON public.river_job USING btree (state, queue, priority, scheduled_at, id);


--
-- Name: river_job_state_and_finalized_at_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX river_job_state_and_finalized_at_index ON public.river_job USING btree (state, finalized_at) WHERE (finalized_at IS NOT NULL);


--
-- Name: river_job_unique_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX river_job_unique_idx ON public.river_job USING btree (unique_key) WHERE ((unique_key IS NOT NULL) AND (unique_states IS NOT NULL) AND public.river_job_state_in_bitmask(unique_states, state));


--
-- Name: river_notification_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX river_notification_created_at_idx ON public.river_notification USING btree (created_at);


--
-- Name: river_notification_topic_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX river_notification_topic_id_idx ON public.river_notification USING btree (topic, id);


--
-- Name: sections_changed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sections_changed ON public.sections USING btree (changed_at);


--
-- Name: audit audit_no_change; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER audit_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_append_only();


--
-- Name: approvals approvals_edition_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT approvals_edition_fkey FOREIGN KEY (edition) REFERENCES public.editions(id);


--
-- Name: article_keys article_keys_article_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.article_keys
    ADD CONSTRAINT article_keys_article_fkey FOREIGN KEY (article) REFERENCES public.articles(seq);


--
-- Name: articles articles_merged_into_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.articles
    ADD CONSTRAINT articles_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES public.articles(seq);


--
-- Name: deliveries deliveries_edition_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_edition_fkey FOREIGN KEY (edition) REFERENCES public.editions(id);


--
-- Name: edition_items edition_items_article_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.edition_items
    ADD CONSTRAINT edition_items_article_fkey FOREIGN KEY (article) REFERENCES public.articles(seq);


--
-- Name: edition_items edition_items_edition_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.edition_items
    ADD CONSTRAINT edition_items_edition_fkey FOREIGN KEY (edition) REFERENCES public.editions(id);


--
-- Name: memberships memberships_article_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_article_fkey FOREIGN KEY (article) REFERENCES public.articles(seq);


--
-- Name: notices notices_edition_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_edition_fkey FOREIGN KEY (edition) REFERENCES public.editions(id);


--
-- Name: recipients recipients_edition_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recipients
    ADD CONSTRAINT recipients_edition_fkey FOREIGN KEY (edition) REFERENCES public.editions(id);


--
-- PostgreSQL database dump complete
--

\unrestrict Js1h9vf1Tbh7mV2anBQxM4GYLkenuKvKU3agYIeq7twV9Ta3gxcXy9aEeU9ZGwr

