-- A database as the first release made it.
PRAGMA application_id = 1414420563;
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE owned (
	kind TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, root TEXT NOT NULL,
	applied TEXT NOT NULL, protect INTEGER NOT NULL, taken_down INTEGER NOT NULL, attempts TEXT NOT NULL,
	PRIMARY KEY (kind, name), UNIQUE (kind, id));
CREATE TABLE intents (
	kind TEXT NOT NULL, name TEXT NOT NULL, root TEXT NOT NULL, natural_key TEXT NOT NULL, hash TEXT NOT NULL,
	seen TEXT NOT NULL, at TEXT NOT NULL,
	PRIMARY KEY (kind, name));
CREATE TABLE history (
	seq BIGINT PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, op TEXT NOT NULL,
	object_id TEXT NOT NULL, reason TEXT NOT NULL, deltas TEXT NOT NULL, outcome TEXT NOT NULL,
	error TEXT NOT NULL, request_id TEXT NOT NULL, fingerprint TEXT NOT NULL);
CREATE TABLE jobs (name TEXT PRIMARY KEY, started TEXT NOT NULL, ended TEXT NOT NULL, error TEXT NOT NULL);
INSERT INTO meta VALUES ('base_url', 'https://api.telnyx.com/v2'), ('hmac_key', 'c0ffee'),
	('key_print', '6e24d1d5d6a1aa0f0fa1f0db8c2c1f8bc4ba9ebc4a0ba4f0a7e8d6b8f2a52b52');
INSERT INTO owned VALUES
	('toys', 'a', 'id-a', '/etc/toys', '{"limit":5,"text":"x"}', 1, 0, '{"/text":{"value":"\"x\"","count":2,"note":"it does not last"}}'),
	('toys', 'b', 'id-b', '/etc/toys', 'null', 0, 1, 'null');
INSERT INTO intents VALUES ('toys', 'c', '/etc/toys', 'k', 'hash', '["id-a"]', '2026-01-02T03:04:05.000000006Z');
INSERT INTO history VALUES (1, '2026-01-02T03:04:05Z', 'toys', 'a', 'create', 'id-a', 'new', '[]', 'done', '', 'req', 'print');
INSERT INTO jobs VALUES ('reconcile', '2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z', '');
