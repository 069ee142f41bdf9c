-- One as the fourth format had it.
PRAGMA application_id = 1414420563;
PRAGMA user_version = 4;
PRAGMA journal_mode = WAL;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE owned (
	kind TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, root TEXT NOT NULL,
	applied TEXT NOT NULL, protect INTEGER NOT NULL, taken_down INTEGER NOT NULL, attempts TEXT NOT NULL,
	renewed TEXT NOT NULL DEFAULT '', ends TEXT NOT NULL DEFAULT '', file TEXT NOT NULL DEFAULT '',
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
CREATE TABLE orders (
	id TEXT PRIMARY KEY, op TEXT NOT NULL, connection TEXT NOT NULL, location_id TEXT NOT NULL, civic_address_id TEXT NOT NULL,
	usage TEXT NOT NULL, additional_usages TEXT NOT NULL, numbers TEXT NOT NULL, ticket TEXT NOT NULL, retried TEXT NOT NULL,
	seen TEXT NOT NULL, at TEXT NOT NULL, settled INTEGER NOT NULL);
CREATE TABLE troubles (
	number TEXT PRIMARY KEY, op TEXT NOT NULL, connection TEXT NOT NULL, location_id TEXT NOT NULL, civic_address_id TEXT NOT NULL,
	usage TEXT NOT NULL, additional_usages TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, ticket TEXT NOT NULL,
	attempts INTEGER NOT NULL, at TEXT NOT NULL, next TEXT NOT NULL);
CREATE TABLE messages (
	message_key TEXT PRIMARY KEY, id TEXT NOT NULL, code TEXT NOT NULL, title TEXT NOT NULL, detail TEXT NOT NULL,
	pointer TEXT NOT NULL, connection TEXT NOT NULL, number TEXT NOT NULL, ticket TEXT NOT NULL, first_seen TEXT NOT NULL,
	rule TEXT NOT NULL);
CREATE TABLE groups (
	kind TEXT NOT NULL, name TEXT NOT NULL, root TEXT NOT NULL, file TEXT NOT NULL, protect INTEGER NOT NULL,
	connection TEXT NOT NULL, location_id TEXT NOT NULL, civic_address_id TEXT NOT NULL, usage TEXT NOT NULL,
	additional_usages TEXT NOT NULL, uploaded TEXT NOT NULL, placed TEXT NOT NULL,
	PRIMARY KEY (kind, name));
CREATE TABLE rules (
	kind TEXT NOT NULL, name TEXT NOT NULL, root TEXT NOT NULL, file TEXT NOT NULL, hold INTEGER NOT NULL,
	says TEXT NOT NULL, let_through TEXT NOT NULL,
	PRIMARY KEY (kind, name, root));
CREATE TABLE deletions (id TEXT PRIMARY KEY, unit TEXT NOT NULL, at TEXT NOT NULL, items TEXT NOT NULL);
INSERT INTO meta VALUES ('base_url', 'https://api.telnyx.com/v2'), ('hmac_key', 'c0ffee'),
	('key_print', '6e24d1d5d6a1aa0f0fa1f0db8c2c1f8bc4ba9ebc4a0ba4f0a7e8d6b8f2a52b52');
INSERT INTO owned VALUES
	('toys', 'a', 'id-a', '/etc/toys', '{"limit":5,"text":"x"}', 1, 0, '{"/text":{"value":"\"x\"","count":2,"note":"it does not last"}}',
		'2026-01-02T03:04:05.5Z', '2027-01-02T03:04:05Z', ''),
	('toys', 'b', 'id-b', '/etc/toys', 'null', 0, 1, 'null', '', '', '');
INSERT INTO intents VALUES ('toys', 'c', '/etc/toys', 'k', 'hash', '["id-a"]', '2026-01-02T03:04:05.000000006Z');
INSERT INTO history VALUES (1, '2026-01-02T03:04:05Z', 'toys', 'a', 'create', 'id-a', 'new', '[]', 'done', '', 'req', 'print');
INSERT INTO jobs VALUES ('reconcile', '2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z', '');
INSERT INTO orders VALUES ('order-1', 'upload', '7', 'l', '', 'calling_user_assignment', 'none', '["+15125550101"]', '', '',
	'["t-0"]', '2026-01-02T03:04:05Z', 0);
INSERT INTO troubles VALUES ('+15125550102', 'upload', '7', 'l', '', 'calling_user_assignment', 'none', '10015',
	'the number is <not> ready', 't-1', 3, '2026-01-02T03:04:05Z', '');
INSERT INTO messages VALUES ('m', 'm', '1', 'title', 'detail', '/p', '7', '+15125550102', 't-1', '2026-01-02T03:04:05Z', '');
INSERT INTO groups VALUES
	('phone_numbers', 'hq', '/etc/a', '', 1, '7', 'l', '', 'calling_user_assignment', 'none',
		'{"":["+15125550105"],"calling_user_assignment+none":["+15125550100-+15125550102"]}', '["+15125550100"]'),
	('phone_numbers', 'lab', '/etc/b', '', 0, '8', '', '', '', '', '{}', '[]');
INSERT INTO rules VALUES
	('recording_retention', 'case-7', '/etc/a', '', 1, '{"call_leg_id":"leg","keep":true}', ''),
	('recording_retention', 'case-7', '/etc/b', '', 1, '{"from":"+15125550100","keep":true}', ''),
	('recording_retention', 'old (/etc/b)', '/etc/a', '', 1, '{"keep":true,"max_deletes_per_run":5}', ''),
	('recording_retention', 'twin', '/etc/b', '', 1, '{"keep":true}', ''),
	('recording_retention', 'twin (/etc/b)', '/etc/b', '', 1, '{"keep":true,"to":"x"}', ''),
	('transcription_retention', 'case-7', '/etc/a', '', 0, '{"keep":"true"}', '');
INSERT INTO deletions VALUES
	('recordings/batch 1', 'recording', '2026-01-02T03:04:05Z',
		'[{"id":"r-1","policy":"recording_retention/all","created":"2025-01-02T03:04:05Z","from":"+1512555****","to":"+1512555****","age":"365d"},'
		|| '{"id":"r-2","policy":"recording_retention/all","created":"2025-01-02T03:04:05Z","age":"365d"}]'),
	('recordings/batch 2', 'recording', '2026-01-02T03:04:05.5Z', 'null'),
	('transcriptions/batch 1', 'transcription', '2026-01-02T03:04:05.5Z', 'null');
