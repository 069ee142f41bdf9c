package retention

import (
	"cmp"
	"slices"

	"telnyxsync/internal/resource"
)

func saysOf(r *resource.Rule) resource.RuleSays {
	return resource.RuleSays{Addr: r.Addr, Root: r.Root, Hold: r.Hold, Says: r.Says}
}

// compareWithBaseline tells which policies are steady, what is due by them having been due by the rules under which
// retention was last let through, and takes the holds of these that no longer keep what they kept for ghosts: nobody said
// yet that what they kept may go.
func (r *reader) compareWithBaseline() {
	slices.SortFunc(r.out.InForce, func(a, b resource.RuleSays) int {
		return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Root, b.Root))
	})
	for i := range r.out.Policies {
		p := &r.out.Policies[i]
		at := slices.IndexFunc(r.out.InForce, func(s resource.RuleSays) bool { return s.Addr == p.Addr && s.Root == p.Root })
		p.Steady = !p.Keep && at >= 0 && r.wasDue(&r.out.InForce[at])
	}
	ghosts := map[string]bool{}
	for i := range r.Baselines {
		for k := range r.Baselines[i].Rules {
			old := &r.Baselines[i].Rules[k]
			if r.Baselines[i].Kind != r.Kind || !old.Hold || r.stillHeld(old) || ghosts[old.Addr.String()+resource.Text(old.Says)] {
				continue
			}
			ghosts[old.Addr.String()+resource.Text(old.Says)] = true
			p, untold, err := r.policy(old.Addr, old.Says)
			if err != nil || untold != "" || !p.Keep {
				p = Policy{Addr: old.Addr, Keep: true} // what it kept cannot be told, so it may be anything
			}
			p.Root, p.Ghost = old.Root, true
			r.out.Policies = append(r.out.Policies, p)
		}
	}
}

// wasDue tells whether all that is due by a policy was due under the rules that were let through.
func (r *reader) wasDue(now *resource.RuleSays) bool {
	for i := range r.Baselines {
		for k := range r.Baselines[i].Rules {
			old := &r.Baselines[i].Rules[k]
			if r.Baselines[i].Kind != r.Kind || old.Says["keep"] == true || old.Says["observe"] == true || age(old.Says) > age(now.Says) ||
				!deletesOwn(old.Says) && deletesOwn(now.Says) {
				continue
			}
			if before, after, known := filtersOf(old.Says, now.Says, r.connection); alike(old, now) || known && implies(after, before) {
				return true
			}
		}
	}
	return false
}

// stillHeld tells whether some hold that is in force keeps all that an older one kept.
func (r *reader) stillHeld(old *resource.RuleSays) bool {
	return slices.ContainsFunc(r.out.InForce, func(now resource.RuleSays) bool {
		before, after, known := filtersOf(old.Says, now.Says, r.connection)
		return now.Hold && (alike(old, &now) || known && implies(before, after))
	})
}

// Silent are the holds that mean nothing that is there, and of which nobody said yet that this is meant: they may be
// mistyped.
func Silent(counts []HoldCount, inForce []resource.RuleSays, baselines []resource.Baseline) (silent []resource.RuleKey) {
	for i := range counts {
		h := &counts[i]
		k := slices.IndexFunc(inForce, func(s resource.RuleSays) bool { return s.Addr == h.Addr && s.Root == h.Root })
		if h.Count > 0 || h.More || k < 0 || knownSilent(&inForce[k], baselines) {
			continue
		}
		silent = append(silent, resource.RuleKey{Addr: h.Addr, Root: h.Root})
	}
	return silent
}

func knownSilent(now *resource.RuleSays, baselines []resource.Baseline) bool {
	return slices.ContainsFunc(baselines, func(b resource.Baseline) bool {
		return slices.ContainsFunc(b.Rules, func(old resource.RuleSays) bool { return old.Silent && old.Addr == now.Addr && alike(&old, now) })
	})
}

// Let are the rules of a configuration as they are remembered once a run under them was let through.
func Let(rules *resource.ApprovedRules, root string, baselines []resource.Baseline) (out []resource.RuleSays) {
	for _, r := range rules.Rules {
		if r.Root != root {
			continue
		}
		r.Silent = r.Hold && (slices.Contains(rules.Silent, resource.RuleKey{Addr: r.Addr, Root: r.Root}) || knownSilent(&r, baselines))
		out = append(out, r)
	}
	return out
}

func alike(a, b *resource.RuleSays) bool { return resource.Text(a.Says) == resource.Text(b.Says) }
