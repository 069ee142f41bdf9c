package export_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/export"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

func TestWhatIsExported(t *testing.T) {
	live := map[string][]resource.Live{
		"trunks": {
			{
				ID: "2", Object: resource.Object{
					"label": "keyed", "host": "", "on": false, "limits": resource.Object{"in": int64(0), "out": int64(-5)}, "tags": []any{}, "peer": "1",
					"headers": []any{resource.Object{"value": "v: w", "name": "X-A"}, resource.Object{"name": "X-B"}}, "mode": "shared",
				},
				Hints: resource.Object{"region": "eu", "label": "never a hint"},
			},
			{ID: "1", Object: resource.Object{"label": nil, "tags": []any{"b", "a # c"}}},
		},
		"boxes": {{ID: "a", Object: resource.Object{"text": "1911630617284445511", "unknown": "x"}}},
	}
	owned := []resource.Owned{{
		Addr: resource.Addr{Kind: "trunks", Name: "mine"}, ID: "1", Protect: true,
		Applied: resource.Object{"region": "us", "limits": resource.Object{"kind": "hard"}, "mode": "own", "token": "hmac-sha256:0", "label": "was", "before": "1d", "file": "sha256:0"},
	}}
	list := entries(live, owned...)
	compare(t, text(t, list), `# head
boxes:
  a:
    text: "1911630617284445511"
# Trunks,·as they were found.
trunks:
  mine:
    id: "1"
    limits:
      kind: hard
    tags: [b, 'a # c']
    region: us
    mode: own
    token: {env: TRUNKS_MINE_TOKEN}
    protect: true
  # Telnyx shows neither limits.kind nor limits.key nor token: write them, then remove observe and ignore.
  trunk-2:
    id: "2"
    label: keyed
    "on": false
    limits:
      in: 0
      out: -5
      key: {env: TRUNKS_TRUNK_2_KEY}
      kind: soft # cannot be read back
    headers: [{name: X-A, value: 'v: w'}, {name: X-B}]
    region: eu
    mode: shared
    token: {env: TRUNKS_TRUNK_2_TOKEN}
    observe: true
    ignore: [/limits/kind, /limits/key, /token]
`)
	compare(t, string(export.EnvExample(list)), `# The secrets that the exported YAML refers to: Telnyx does not show them. Copy this file to .env, fill
# that in between the quotes, keep it out of the repository, and load it before diff and apply:
#   set -a; . ./.env; set +a
TRUNKS_MINE_TOKEN=''
TRUNKS_TRUNK_2_KEY=''
TRUNKS_TRUNK_2_TOKEN=''
`)
	if got := export.EnvExample(entries(map[string][]resource.Live{"boxes": {box1("a")}})); got != nil {
		t.Errorf("without secrets: %s", got)
	}
	if got := export.Render(entries(nil), true, "head"); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	if got := text(t, entries(map[string][]resource.Live{"boxes": {{ID: "bare"}}})); got != "# head\nboxes:\n  bare: {}\n" {
		t.Errorf("without a field: %s", got)
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("n", 255)
	for name, c := range map[string]struct {
		boxes  []string
		trunks []resource.Live
		owned  map[string]string // id of a trunk → its name in state
		want   map[string]string
	}{
		"as they are called":  {boxes: []string{"a", "b/c", "d e", "über", "<<", "null"}, want: map[string]string{"a": "a", "b/c": "b/c", "d e": "d e", "über": "über", "<<": "<<", "null": "null"}},
		"made readable":       {boxes: []string{"a\nb", "\x1b[31m", "\u202ex", " y ", "..", "z\ufffd"}, want: map[string]string{"a\nb": "a-b", "\x1b[31m": "-[31m", "\u202ex": "-x", " y ": "y", "..": "unnamed", "z\ufffd": "z-"}},
		"each its own":        {boxes: []string{"a-2", "a", "a ", " a"}, want: map[string]string{" a": "a", "a": "a-2", "a ": "a-3", "a-2": "a-2-2"}},
		"unnamed":             {boxes: []string{".", "..", " ", "\u00a0"}, want: map[string]string{" ": "unnamed", ".": "unnamed-2", "..": "unnamed-3", "\u00a0": "-"}},
		"cut":                 {boxes: []string{long, long + "x", long + "y"}, want: map[string]string{long: long, long + "x": long[:253] + "-2", long + "y": long[:253] + "-3"}},
		"cut within a letter": {boxes: []string{strings.Repeat("ü", 128)}, want: nil},
		"by what they are":    {trunks: []resource.Live{trunk1("1"), trunk1("2")}, want: map[string]string{"1": "trunk-1", "2": "trunk-2"}},
		"by owner tags":       {trunks: []resource.Live{trunk1("1", "default:a"), trunk1("2", "default:b:c")}, want: map[string]string{"1": "a", "2": "b:c"}},
		"by other tags":       {trunks: []resource.Live{trunk1("1", "other:a"), trunk1("2", "default: a"), trunk1("3", "default:..")}, want: map[string]string{"1": "trunk-1", "2": "trunk-2", "3": "trunk-3"}},
		"one tag, two trunks": {trunks: []resource.Live{trunk1("2", "default:a"), trunk1("1", "default:a")}, want: map[string]string{"1": "a", "2": "trunk-2"}},
		"state before tags":   {trunks: []resource.Live{trunk1("1", "default:a"), trunk1("2", "default:x")}, owned: map[string]string{"2": "a"}, want: map[string]string{"1": "trunk-1", "2": "a"}},
		"tags before others":  {trunks: []resource.Live{trunk1("1"), trunk1("2", "default:trunk-1")}, want: map[string]string{"1": "trunk-1-2", "2": "trunk-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			live := map[string][]resource.Live{"trunks": c.trunks}
			for _, id := range c.boxes {
				live["boxes"] = append(live["boxes"], box1(id))
			}
			var owned []resource.Owned
			for id, name := range c.owned {
				owned = append(owned, resource.Owned{Addr: resource.Addr{Kind: "trunks", Name: name}, ID: id})
				owned = append(owned, resource.Owned{Addr: resource.Addr{Kind: "boxes", Name: "of another kind"}, ID: id})
			}
			list := entries(live, owned...)
			for _, e := range list {
				if !resource.ValidName(e.Name) {
					t.Errorf("%q is no name", e.Name)
				}
			}
			if got := names(list, slices.Concat(live["boxes"], live["trunks"])); c.want != nil && !maps.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestEnvNames: each secret has a variable of its own, whatever the entries are called.
func TestEnvNames(t *testing.T) {
	live := map[string][]resource.Live{}
	for _, name := range []string{"a-b", "a_b", "A.b", "a  b", "-a-b-", "über", "ber", "日本", "中国", "a-b_token", "a-b-token-2"} {
		live["trunks"] = append(live["trunks"], trunk1(name, "default:"+strings.TrimSpace(name)))
	}
	list := entries(live)
	want := []string{
		"TRUNKS_A_B_TOKEN", "TRUNKS_A_B_TOKEN_2", "TRUNKS_A_B_TOKEN_2_TOKEN", "TRUNKS_A_B_TOKEN_3", "TRUNKS_A_B_TOKEN_4", "TRUNKS_A_B_TOKEN_5",
		"TRUNKS_A_B_TOKEN_TOKEN", "TRUNKS_BER_TOKEN", "TRUNKS_BER_TOKEN_2", "TRUNKS_TOKEN", "TRUNKS_TOKEN_2",
	}
	if got := export.Env(list); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	valid := regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	rapid.Check(t, func(t *rapid.T) {
		live := map[string][]resource.Live{}
		ids := rapid.SliceOfNDistinct(rapid.OneOf(rapid.String(), rapid.StringMatching(`[aA_-]{1,3}(_2)?`)), 1, 12, rapid.ID).Draw(t, "ids")
		for _, id := range ids {
			live["trunks"] = append(live["trunks"], trunk1(id))
		}
		got := export.Env(entries(live))
		if len(got) != len(ids) || !slices.IsSorted(got) {
			t.Fatalf("%d names of %d secrets: %q", len(got), len(ids), got)
		}
		for _, n := range got {
			if !valid.MatchString(n) || n == "TELNYX_API_KEY" {
				t.Fatalf("%q", n)
			}
		}
	})
}

// TestOrderMeansNothing: the same account gives the same bytes, however it was listed.
func TestOrderMeansNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.StringMatching(`[ab .]{1,3}(-2)?`), rapid.String())
		live := map[string][]resource.Live{}
		var owned []resource.Owned
		for i, id := range rapid.SliceOfNDistinct(id, 0, 8, rapid.ID).Draw(t, "boxes") {
			live["boxes"] = append(live["boxes"], box1(id))
			if i%3 == 0 {
				owned = append(owned, resource.Owned{Addr: resource.Addr{Kind: "boxes", Name: string('a' + rune(i))}, ID: id})
			}
		}
		for _, id := range rapid.SliceOfNDistinct(id, 0, 8, rapid.ID).Draw(t, "trunks") {
			tags := rapid.SliceOfN(rapid.SampledFrom([]string{"default:a", "default:b", "other:a", "default:trunk-a"}), 0, 2).Draw(t, "tags")
			live["trunks"] = append(live["trunks"], trunk1(id, tags...))
		}
		src := export.Source{Kinds: toys(), Live: live, Owned: owned, Instance: "default", Now: now}
		before := resource.Text([]any{live, owned})
		first := export.Render(export.Entries(src), true, "head")
		if resource.Text([]any{live, owned}) != before {
			t.Fatal("what was given was changed")
		}
		other := export.Source{Kinds: slices.Clone(src.Kinds), Live: map[string][]resource.Live{}, Instance: "default", Now: now}
		slices.Reverse(other.Kinds)
		for kind, list := range live {
			other.Live[kind] = rapid.Permutation(list).Draw(t, "order of "+kind)
		}
		if len(owned) > 0 {
			other.Owned = rapid.Permutation(owned).Draw(t, "order of the state")
		}
		second := export.Render(export.Entries(other), true, "head")
		if len(first) != len(second) {
			t.Fatalf("%d files and %d", len(first), len(second))
		}
		for i := range first {
			if first[i].Name != second[i].Name || string(first[i].Text) != string(second[i].Text) {
				t.Fatalf("%s\n%s\nand %s\n%s", first[i].Name, first[i].Text, second[i].Name, second[i].Text)
			}
		}
	})
}

// TestUnfit: what cannot be taken over as it is, is left alone.
func TestUnfit(t *testing.T) {
	expired, alive := box1("expired"), box1("alive")
	expired.Expires, alive.Expires = now, now.Add(time.Second)
	live := map[string][]resource.Live{
		"trunks": {trunk1("1", "other:a"), trunk1("2", "default:b", "default:c"), trunk1("3", "default:d"), trunk1("4", "default:e", "other:e"), trunk1("5", "other:a", "default:f", "default:g")},
		"boxes":  {expired, alive},
	}
	// State goes before tags: what it knows to be ours is.
	list := entries(live, resource.Owned{Addr: resource.Addr{Kind: "trunks", Name: "known"}, ID: "5"})
	compare(t, text(t, list), `# head
boxes:
  alive:
    text: x
  # not exported: it expired at 2026-01-02T03:04:05Z, and nothing can be made of what it held
  # expired:
  #   text: x
# Trunks,·as they were found.
trunks:
  # not exported: it carries 2 owner tags, of different entries: take all but one off
  # b:
  #   id: "2"
  #   "on": true
  #   limits:
  #     kind: hard
  #   region: eu
  #   token: {env: TRUNKS_B_TOKEN}
  d:
    id: "3"
    "on": true
    limits:
      kind: hard
    region: eu
    token: {env: TRUNKS_D_TOKEN}
  # not exported: it carries the owner tag of another telnyxsync (telnyxsync:other:e): take that tag off if it is no longer used
  # e:
  #   id: "4"
  #   "on": true
  #   limits:
  #     kind: hard
  #   region: eu
  #   token: {env: TRUNKS_E_TOKEN}
  known:
    id: "5"
    "on": true
    limits:
      kind: hard
    region: eu
    token: {env: TRUNKS_KNOWN_TOKEN}
  # not exported: it carries the owner tag of another telnyxsync (telnyxsync:other:a): take that tag off if it is no longer used
  # trunk-1:
  #   id: "1"
  #   "on": true
  #   limits:
  #     kind: hard
  #   region: eu
  #   token: {env: TRUNKS_TRUNK_1_TOKEN}
`)
	if got, want := export.Env(list), []string{"TRUNKS_D_TOKEN", "TRUNKS_KNOWN_TOKEN"}; !slices.Equal(got, want) {
		t.Errorf("variables %q, want %q: what is left out needs none", got, want)
	}
}
