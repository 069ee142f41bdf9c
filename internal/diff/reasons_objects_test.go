package diff_test

import (
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
)

// objectReasons are inputs for the reasons about objects.
func objectReasons() map[plan.Code]minimal {
	const host = "{host: h.example.com}"
	return map[plan.Code]minimal{
		diff.KindUnread:    {live: `boxes: broken`},
		diff.EntryUnread:   {desired: `boxes: {a: ` + host + `}`, live: `boxes: [{id: a, failed: broken}]`},
		diff.ContentUnread: {desired: `tapes: {a: {verify: true}}`, live: `tapes: [{id: a, doubt: broken}]`},
		diff.OrphanUnread:  {live: `boxes: [{id: a, failed: broken}]`, owned: `boxes/a: {id: a}`, options: `sections: [boxes]`},
		diff.NotReturned:   {desired: `tapes: {a: {file: {name: a.wav, of: a}}}`, live: `tapes: [{id: a}]`, options: `stateless: true`},
		diff.SecretUnread:  {desired: `vaults: {a: {trunk_id: "1", locks: {key: {env: UNREADABLE}}}}`},
		diff.SecretNotRead: {desired: `vaults: {a: {trunk_id: "1", locks: {key: {env: OTHER}}}}`},
		diff.SecretNotObject: {
			desired: `vaults: {a: {trunk_id: "1", deed: {env: TEXT}}}`, secrets: `TEXT: text`,
		},
		diff.SecretNotCompared: {desired: `vaults: {a: {trunk_id: "1", locks: {key: {env: UNREADABLE}}}}`},
		diff.SecretsMissing: {
			desired: `vaults: {a: {trunk_id: "1", locks: {key: {env: UNREADABLE}, code: {env: OTHER}}}}`, options: `need_secrets: true`,
		},
		diff.NoState: {options: `stateless: true`},

		diff.OtherConfiguration: {desired: `boxes: {a: ` + host + `}`, live: `boxes: [{id: a}]`, owned: `boxes/a: {id: a, root: /other}`, more: otherRoot},
		diff.StateKnowsAnother:  {desired: `trunks: {a: {id: "2"}}`, live: `trunks: [{id: "1"}, {id: "2"}]`, owned: `trunks/a: {id: "1"}`},
		diff.NameTaken:          {desired: `boxes: {a: {name: new}}`, live: `boxes: [{id: old}, {id: new}]`, owned: `boxes/a: {id: old}`},
		diff.TwoOwnerTags: {
			desired: `trunks: {a: {on: true}, b: {on: true}}`, live: `trunks: [{id: "1", tags: ["telnyxsync:default:a", "telnyxsync:default:b"]}]`,
		},
		diff.ManyTagged: {
			desired: `trunks: {a: {on: true}}`,
			live:    `trunks: [{id: "1", tags: ["telnyxsync:default:a"]}, {id: "2", tags: ["telnyxsync:default:a"]}]`,
		},
		diff.ObjectTaken:    {desired: `trunks: {a: {on: true}, b: {id: "1"}}`, live: `trunks: [{id: "1"}]`, owned: `trunks/a: {id: "1"}`},
		diff.ManyCandidates: {desired: `trunks: {a: {mode: shared}}`, live: `trunks: [{id: "1", mode: shared}, {id: "2", mode: shared}]`},
		diff.OtherInstance:  {desired: `trunks: {a: {id: "1"}}`, live: `trunks: [{id: "1", tags: ["telnyxsync:other:x"]}]`},
		diff.SameObject: {
			desired: `{trunks: {t: {on: true}}, vaults: {a: {trunk: t}, b: {trunk_id: "1"}}}`, live: `trunks: [{id: "1"}]`, owned: `trunks/t: {id: "1"}`,
		},
		diff.AnotherObject: {
			desired: `boxes: {a: ` + host + `}`, live: `boxes: [{id: a, born: 2026-02-01T00:00:00Z}]`, owned: `boxes/a: {id: a, born: 2026-01-01T00:00:00Z}`,
		},
		diff.Duplicate: {
			desired: `trunks: {a: {on: true}}`, owned: `trunks/a: {id: "1"}`, live: `trunks: [{id: "1"}, {id: "2", tags: ["telnyxsync:default:a"]}]`,
		},
		diff.TaggedElsewhere: {live: `trunks: [{id: "2", tags: ["telnyxsync:default:a"]}]`, desired: `trunks: {}`},
		diff.KeyNotKnown: {
			desired: `{trunks: {t: {on: true}}, vaults: {a: {trunk: t}}}`, live: `vaults: [{id: "9"}]`, owned: `vaults/a: {id: "9"}`,
		},

		diff.ReplaceTakenBack: {
			desired: `boxes: {a: {name: old}}`, live: `boxes: [{id: old}, {id: new}]`, owned: `boxes/a: {id: old}`, intents: `boxes/a: {key: new}`,
		},
		diff.ReplaceDiffers: {
			desired: `boxes: {a: {name: new, app: x}}`, live: `boxes: [{id: old}, {id: new, app: y}]`, owned: `boxes/a: {id: old}`, intents: `boxes/a: {key: new}`,
		},
		diff.CreateOfAnother: {desired: `boxes: {a: {name: second}}`, live: `boxes: [{id: first}]`, intents: `boxes/a: {key: first}`},
		diff.CreateInDoubt:   {desired: `boxes: {a: ` + host + `}`, intents: `boxes/a: {key: a}`},
		diff.CreateSuspects:  {desired: `routes: {a: {prefix: "1"}}`, live: `routes: [{id: "1"}]`, intents: `routes/a: {}`},
		diff.CreateAbandoned: {live: `boxes: [{id: a, created: 2026-01-01T00:00:00Z}]`, intents: `boxes/a: {key: a, root: /root}`},
		diff.CameToNothing:   {intents: `boxes/a: {key: a, root: /root}`},
		diff.CreateMeant: {
			desired: `boxes: {b: {name: a}}`, live: `boxes: [{id: a}]`, intents: `boxes/a: {key: a, root: /root}`,
		},

		diff.CannotChange:  {desired: `trunks: {a: {mode: own}}`, live: `trunks: [{id: "1", mode: shared}]`, owned: `trunks/a: {id: "1"}`},
		diff.CannotBecome:  {desired: `tapes: {a: {name: new}}`, live: `tapes: [{id: old}]`, owned: `tapes/a: {id: old}`},
		diff.DoesNotStick:  {desired: `boxes: {a: {app: x}}`, live: `boxes: [{id: a, app: y}]`, owned: `boxes/a: {id: a, attempts: {/app: [x, 3]}}`},
		diff.LeftUnwritten: {desired: `boxes: {a: {app: x}}`, live: `boxes: [{id: a, app: y}]`, owned: `boxes/a: {id: a, attempts: {/app: [x, 3]}}`, more: noted},
		diff.RenewalUndone: {
			desired: `tapes: {a: {ttl: 20d}}`, live: `tapes: [{id: a, expires: 2026-06-02T00:00:00Z}]`,
			owned: `tapes/a: {id: a, applied: {ttl: 20d}, attempts: {/expires_at: [in 20d, 3]}}`,
		},
		diff.ShortLife: {
			desired: `tapes: {a: {ttl: 20d}}`, live: `tapes: [{id: a, expires: 2026-06-03T00:00:00Z}]`,
			owned: `tapes/a: {id: a, applied: {ttl: 20d}, renewed: 2026-06-01T00:00:00Z}`,
			more:  func(in *diff.Input) { in.Owned[0].Ends = now.Add(2 * 24 * time.Hour) },
		},
		diff.EndNotShown: {
			desired: `tapes: {a: {ttl: 20d}}`, live: `tapes: [{id: a}]`, owned: `tapes/a: {id: a, applied: {ttl: 20d}, renewed: 2026-05-31T00:00:00Z}`,
		},
		diff.NeedsMissing: {desired: `routes: {a: {trunk: none}}`},

		diff.New: {desired: `boxes: {a: ` + host + `}`},
		diff.NewOrRenamed: {
			desired: `trunks: {new: {on: true}}`, live: `trunks: [{id: "1", on: true}]`, owned: `trunks/old: {id: "1", applied: {on: true}}`,
		},
		diff.DeletedThere:   {desired: `boxes: {a: ` + host + `}`, owned: `boxes/a: {id: a}`},
		diff.EndedOrDeleted: {desired: `tapes: {a: {file: {name: a.wav, of: a}}}`, owned: `tapes/a: {id: a}`},
		diff.KeyChanges:     {desired: `boxes: {a: {name: new}}`, live: `boxes: [{id: old}]`, owned: `boxes/a: {id: old}`},
		diff.WasNamed:       {desired: `boxes: {b: {name: x}}`, live: `boxes: [{id: x}]`, owned: `boxes/a: {id: x}`},
		diff.UnknownToState: {desired: `boxes: {a: {}}`, live: `boxes: [{id: a}]`},
		diff.TaggedAsOurs:   {desired: `trunks: {a: {on: true}}`, live: `trunks: [{id: "1", tags: ["telnyxsync:default:a"]}]`},
		diff.EndNotKnown:    {desired: `tapes: {a: {}}`, live: `tapes: [{id: a}]`, owned: `tapes/a: {id: a}`},
		diff.HasEnded:       {desired: `tapes: {a: {}}`, live: `tapes: [{id: a, expires: 2026-05-01T00:00:00Z}]`, owned: `tapes/a: {id: a}`},
		diff.WillEnd:        {desired: `tapes: {a: {}}`, live: `tapes: [{id: a, expires: 2026-06-02T00:00:00Z}]`, owned: `tapes/a: {id: a}`},

		diff.NotWritten:        {desired: `boxes: {a: {}}`, live: `boxes: [{id: b}]`, owned: `boxes/b: {id: b}`, options: `prune: true`},
		diff.Dropped:           {owned: `boxes/b: {id: b}`, options: `sections: [boxes]`},
		diff.SectionNotWritten: {live: `boxes: [{id: b}]`, owned: `boxes/b: {id: b}`},
		diff.OrphanClaimed: {
			desired: `trunks: {a: {mode: shared}}`, live: `trunks: [{id: "1", mode: shared}, {id: "2", mode: shared}]`, owned: `trunks/b: {id: "1"}`,
		},
		diff.OrphanKept:      {live: `boxes: [{id: b}]`, owned: `boxes/b: {id: b}`, options: `sections: [boxes]`},
		diff.OrphanProtected: {live: `boxes: [{id: b}]`, owned: `boxes/b: {id: b, protect: true}`, options: `sections: [boxes]`},
		diff.OrphanMade:      {live: `boxes: [{id: a}]`, intents: `boxes/a: {key: a, root: /root}`},
		diff.OrphanBehind: {
			live: `boxes: [{id: old}, {id: new}]`, owned: `boxes/a: {id: old}`, intents: `boxes/a: {key: new, root: /root}`, options: `sections: [boxes]`,
		},
		diff.OrphanAnother: {
			live: `boxes: [{id: b, born: 2026-02-01T00:00:00Z}]`, owned: `boxes/b: {id: b, born: 2026-01-01T00:00:00Z}`, options: `sections: [boxes]`,
		},
		diff.DeleteDoubtful: {
			live: `boxes: [{id: b, app: x}]`, owned: `boxes/b: {id: b, applied: {app: y}}`, options: `{prune: true, sections: [boxes]}`,
		},
		diff.DeleteWaits: {
			desired: `routes: {r: {trunk: none}}`, live: `{routes: [{id: "7"}], trunks: [{id: "1"}]}`,
			owned: `{routes/r: {id: "7", applied: {trunk: "1"}}, trunks/b: {id: "1"}}`, options: `{prune: true, sections: [trunks]}`,
		},
		diff.OwnedElsewhere: {owned: `boxes/b: {id: b, root: /other}`},
		diff.OwnedNowhere:   {owned: `boxes/b: {id: b}`, more: func(in *diff.Input) { in.Owned[0].Root = "" }},
	}
}
