// Package state remembers what we own on Telnyx, which numbers are whose, which rules there are, which creates and
// deletions were begun, which numbers are on their way, which have trouble, and what was changed.
//
// It is an SQLite database, state.db, in a directory of its own, beside the file `lock` that
// writers hold. The tables:
//
//	meta      name, value: base_url, key_print (keyed hash of the API key), hmac_key
//	owned     kind, name, id, root, applied (JSON tree; secrets as keyed hashes, files as hashes), protect,
//	          taken_down, attempts (JSON), renewed and ends (times of the last write of what expires and of its
//	          end as known then, or ""), file (relative to the root, or "": not known), incarnation (when the object
//	          came to be, or ""; with ? behind it: or whatever it shows next): objects
//	groups    kind, name, root, file, protect, connection, location_id, civic_address_id, usage, additional_usages,
//	          uploaded (JSON ranges by what they were uploaded for), placed (JSON ranges): groups of phone numbers
//	rules     kind, name, root, file, hold, says (JSON tree); two roots may each have one of a name
//	intents   kind, name, root, natural key, hash, seen (JSON ids), at: creates that were begun
//	baselines kind, root, at, rules (JSON): the policies and holds under which retention was last let through
//	withheld  name, code, at, says (JSON): sets of changes that guards withheld, by kind or job
//	approvals id, name, code, at, approver, revoked (or ""), says (JSON): what people let through of that
//	deletions id, unit (recording, transcription), at, items (JSON): batches that are about to be deleted
//	history   seq, at, kind, name, op, object_id, reason, deltas (JSON), outcome, error, request_id, fingerprint,
//	          losses (JSON, or "": what it took away, by class), let (what let it through beside the limits, or "")
//	jobs      name, started, ended, error: the last run of each
//	orders    id, op, connection, location_id, civic_address_id, usage, additional_usages, numbers (JSON ranges),
//	          ticket, retried, seen (JSON tickets), at, settled
//	troubles  number (E.164), op, connection, location_id, civic_address_id, usage, additional_usages, code, reason,
//	          ticket, attempts, at, next (when it is tried again, or "": never)
//	messages  message_key, id, code, title, detail, pointer, connection, number, ticket, first_seen, rule: the log
//	          messages that Telnyx had when we looked last
//
// A reason is a code with its arguments, as JSON, or "" for none; what an older telnyxsync stored is a plain text.
// Until format 4, groups and holds stood in owned, and deletions in intents (older.go).
//
// Times are RFC 3339 in UTC. The SQL is plain, so that the same schema serves PostgreSQL.
//
// It does not know Telnyx, YAML or what is to be changed, and never stores a secret.
package state

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"telnyxsync/internal/resource"
)

// Version of the schema. A database with a higher one is refused.
const Version = 5

// applicationID marks our databases among all SQLite files ("TNXS").
const applicationID = 0x544e5853

const schema = `
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
` + numbersSchema + typedSchema + incarnationSchema + guardSchema

// numbersSchema is what format 3 added.
const numbersSchema = `
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
`

// typedSchema is what format 4 added.
const typedSchema = `
CREATE TABLE groups (
	kind TEXT NOT NULL, name TEXT NOT NULL, root TEXT NOT NULL, file TEXT NOT NULL, protect INTEGER NOT NULL,
	connection TEXT NOT NULL, location_id TEXT NOT NULL, civic_address_id TEXT NOT NULL, usage TEXT NOT NULL,
	additional_usages TEXT NOT NULL, uploaded TEXT NOT NULL, placed TEXT NOT NULL,
	PRIMARY KEY (kind, name));
CREATE TABLE rules (
	kind TEXT NOT NULL, name TEXT NOT NULL, root TEXT NOT NULL, file TEXT NOT NULL, hold INTEGER NOT NULL,
	says TEXT NOT NULL, let_through TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (kind, name, root));
CREATE TABLE deletions (id TEXT PRIMARY KEY, unit TEXT NOT NULL, at TEXT NOT NULL, items TEXT NOT NULL);
`

// incarnationSchema is what format 5 added to objects.
const incarnationSchema = `
ALTER TABLE owned ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';
`

// guardSchema is what format 5 added for guards.
const guardSchema = `
ALTER TABLE rules DROP COLUMN let_through;
ALTER TABLE history ADD COLUMN losses TEXT NOT NULL DEFAULT '';
ALTER TABLE history ADD COLUMN let TEXT NOT NULL DEFAULT '';
CREATE INDEX history_losses ON history (seq) WHERE losses <> '' AND let = '';
CREATE TABLE baselines (kind TEXT NOT NULL, root TEXT NOT NULL, at TEXT NOT NULL, rules TEXT NOT NULL, PRIMARY KEY (kind, root));
CREATE TABLE withheld (name TEXT PRIMARY KEY, code TEXT NOT NULL, at TEXT NOT NULL, says TEXT NOT NULL);
CREATE TABLE approvals (
	id TEXT PRIMARY KEY, name TEXT NOT NULL, code TEXT NOT NULL, at TEXT NOT NULL, approver TEXT NOT NULL, revoked TEXT NOT NULL, says TEXT NOT NULL);
`

// Snapshot is all that state knows at one moment, but for the history.
type Snapshot struct {
	Exists    bool                // false: there is no state yet, the rest is empty
	BaseURL   string              // of the API that the state is bound to; "" before the first apply
	Owned     []resource.Owned    // objects, by address
	Groups    []resource.Group    // by address
	Rules     []resource.Rule     // by address and root
	Intents   []resource.Intent   // by address
	Deletions []resource.Deletion // the oldest first
	Orders    []resource.Order    // the oldest first
	Troubles  []resource.Trouble  // by number
	Messages  []resource.Message  // by key

	Taken     []resource.Taken       // of the last days, the oldest first: what guards count
	Baselines []resource.Baseline    // by kind and root
	Withheld  []resource.WithheldSet // by name
	Approvals []resource.Approval    // the oldest first

	keyPrint, hmacKey string
}

// KeyChanged tells whether state is bound to another API key than this one.
func (s *Snapshot) KeyChanged(apiKey string) bool {
	return s.keyPrint != "" && s.keyPrint != keyPrint(s.hmacKey, apiKey)
}

func keyPrint(hmacKey, apiKey string) string { return keyedHash(hmacKey, "api-key", apiKey) }

// Secret makes a secret with the digest by which this state remembers it; without a state it has none.
func (s *Snapshot) Secret(value string) resource.Secret {
	digest := ""
	if s.hmacKey != "" {
		digest = "hmac-sha256:" + keyedHash(s.hmacKey, "secret", value)
	}
	return resource.NewSecret(value, digest)
}

func keyedHash(hmacKey, purpose, text string) string {
	mac := hmac.New(sha256.New, []byte(hmacKey))
	mac.Write([]byte(purpose + "\x00" + text))
	return hex.EncodeToString(mac.Sum(nil))
}

// DB is an open state database. Only the holder of the [Lock] may have one open for writing.
type DB struct {
	db      *sql.DB
	path    string
	version int // of what was there when it was opened; an older one is read as it is, and brought up to date by a writer
	now     func() time.Time
}

// Close closes the database.
func (d *DB) Close() error { return d.db.Close() }

func newMeta() (map[string]string, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return map[string]string{"hmac_key": hex.EncodeToString(key), "base_url": "", "key_print": ""}, nil
}

// Bind ties the state to an API and a key.
func (d *DB) Bind(ctx context.Context, baseURL, apiKey string) error {
	return d.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var hmacKey string
		if err := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'hmac_key'`).Scan(&hmacKey); err != nil {
			return err
		}
		for name, value := range map[string]string{"base_url": baseURL, "key_print": keyPrint(hmacKey, apiKey)} {
			if _, err := tx.ExecContext(ctx, `UPDATE meta SET value = ? WHERE name = ?`, value, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// Begin stores durably that a create is about to be sent.
func (d *DB) Begin(ctx context.Context, i resource.Intent) error {
	return d.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM intents WHERE kind = ? AND name = ?`, i.Addr.Kind, i.Addr.Name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO intents (kind, name, root, natural_key, hash, seen, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			i.Addr.Kind, i.Addr.Name, i.Root, i.Key, i.Hash, resource.Text(i.Seen), stamp(i.At))
		return err
	})
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func stampOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// timeOrNone is the inverse of stampOrNone.
func timeOrNone(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, text)
}

// tx runs f in a transaction; f uses the context that it is given.
func (d *DB) tx(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) (err error) {
	// What is to be remembered is remembered even while the program is being stopped.
	ctx = context.WithoutCancel(ctx)
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	defer func() {
		// Also after a panic: who contains it would wait for the only connection for ever.
		rollback := ignoreDone(tx.Rollback())
		if err != nil {
			err = errors.Join(fmt.Errorf("state: %w", err), rollback)
		}
	}()
	if err := f(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
