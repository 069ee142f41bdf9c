package apply_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"
)

// lost is a write of ours whose answer is lost: an edit, a renewal, a deletion.
var lost = map[string]struct {
	method, how string
	wait        time.Duration
}{
	"update": {method: "PUT", how: "second"},
	"renew":  {method: "PUT", how: "first", wait: 9*24*time.Hour + time.Hour},
	"delete": {method: "DELETE"},
}

// Whatever a PUT does to created_at, and whether it took effect: a write of ours whose answer was lost holds nothing up,
// be what comes next an edit, a renewal or a deletion. What others make under the name afterwards is never touched.
func TestAnIncarnationOfOursIsNeverHeld(t *testing.T) {
	wrap := checked(t)
	for _, k := range namedKinds(t) {
		for _, created := range []string{"keep", "renew"} {
			for _, do := range []string{"drop-before-commit", "drop-after-commit", "html"} {
				for write, next := range map[string][]string{"update": {"again", "update", "delete"}, "renew": {"again", "update", "delete"}, "delete": {"again", "update"}} {
					for _, then := range next {
						if write == "renew" && !k.renewed {
							continue
						}
						t.Run(strings.Join([]string{k.kind, created, do, write, then}, " "), func(t *testing.T) {
							synctest.Test(t, func(t *testing.T) { ourWrite(t, wrap, &k, created, do, write, then) })
						})
					}
				}
			}
		}
	}
}

func ourWrite(t *testing.T, wrap func(http.Handler) http.Handler, k *namedKind, created, do, write, then string) {
	r := newRig(t, wrap, map[string]any{"_siprec_put_created": created, "_media_put_created": created})
	defer r.close()
	o := apply.Options{Writing: true, Prune: true}
	all := func(how string) {
		t.Helper()
		made, result := r.apply(k.desired(how), o)
		if len(made.Problems)+len(made.Withheld) > 0 || !result.OK() {
			t.Fatalf("%q: %s", how, words.JSON(&made, &result))
		}
		if again := r.plan(k.desired(how), o); again.Exit() != plan.ExitNothing {
			t.Fatalf("%q, and then: %s", how, words.JSON(&again, nil))
		}
	}
	all("first")
	time.Sleep(time.Minute + lost[write].wait)
	if write == "renew" { // it is about x alone
		r.change(k.kind, "stays", map[string]any{"expires_at": "2090-01-01T00:00:00Z"})
	}
	if err := r.sim.AddFaults(telnyxsim.Fault{Match: lost[write].method + " /" + k.kind + "/x", Do: do, Times: -1}); err != nil {
		t.Fatal(err)
	}
	if made, result := r.apply(k.desired(lost[write].how), o); result.OK() && do != "html" || len(made.Changes) != 1 {
		t.Fatalf("nothing was lost: %s", words.JSON(&made, &result))
	}
	r.sim.ClearFaults()
	time.Sleep(time.Minute)
	how := lost[write].how
	switch then {
	case "update":
		how = map[string]string{"first": "second", "second": "first", "": "second"}[how]
	case "delete":
		how = ""
	}
	all(how)
	if how == "" {
		return
	}
	time.Sleep(time.Hour)
	r.remake(k.kind, "x", time.Now(), k.theirs)
	theirs := r.objects()[k.kind+"/x"]
	for _, how := range []string{"first", "second", ""} {
		made, result := r.apply(k.desired(how), o)
		want := map[bool]plan.Code{true: diff.OrphanAnother, false: diff.AnotherObject}[how == ""]
		if len(made.Problems) != 1 || made.Problems[0].Reason.Code != want || !made.Problems[0].Held || len(result.Outcomes) > 0 {
			t.Errorf("%q: %s", how, words.JSON(&made, &result))
		}
		if is := r.objects()[k.kind+"/x"]; is != theirs {
			t.Errorf("theirs was touched:\n%s\n%s", theirs, is)
		}
	}
}

// A medium all of whose renewals lose their answers lives on, whatever they do to created_at.
func TestAMediumOutlivesLostAnswers(t *testing.T) {
	wrap, kind := checked(t), namedKinds(t)[1]
	for _, created := range []string{"keep", "renew"} {
		t.Run(created, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, wrap, map[string]any{"_media_put_created": created})
				defer r.close()
				if _, result := r.apply(kind.desired("first"), apply.Options{Writing: true}); !result.OK() {
					t.Fatalf("%+v", result)
				}
				if err := r.sim.AddFaults(telnyxsim.Fault{Match: "PUT /media/*", Do: "drop-after-commit", Times: -1}); err != nil {
					t.Fatal(err)
				}
				failed := 0
				for day := range 60 {
					time.Sleep(24 * time.Hour)
					made, result := r.apply(kind.desired("first"), apply.Options{Writing: true})
					if len(made.Problems) > 0 || len(r.objects()) != 2 {
						t.Fatalf("day %d: %s", day, words.JSON(&made, &result))
					}
					if !result.OK() {
						failed++
					}
					for _, o := range r.objects() {
						end, err := time.Parse(time.RFC3339, resource.GetString(objectOf(o), "/expires_at"))
						if err != nil || time.Until(end) < 0 {
							t.Fatalf("day %d: it ended at %v, %v", day, end, err)
						}
					}
				}
				if failed == 0 {
					t.Error("no answer was lost: nothing is tested")
				}
			})
		})
	}
}

// What vanished is made anew: the answer to that may be lost, too.
func TestMadeAnewWithoutAnAnswer(t *testing.T) {
	wrap := checked(t)
	for _, k := range namedKinds(t) {
		for _, do := range []string{"drop-before-commit", "drop-after-commit", "html"} {
			for _, times := range []int{1, -1} {
				t.Run(fmt.Sprint(k.kind, " ", do, " ", times), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, wrap, map[string]any{})
						defer r.close()
						o := apply.Options{Writing: true, Prune: true}
						r.apply(k.desired("first"), o)
						time.Sleep(time.Minute)
						if _, result := r.apply(k.desired("first"), o); !result.OK() {
							t.Fatalf("%+v", result)
						}
						r.remove(k.kind, "x")
						if err := r.sim.AddFaults(telnyxsim.Fault{Match: "POST /" + k.kind, Do: do, Times: times}); err != nil {
							t.Fatal(err)
						}
						for range 2 {
							if made, result := r.apply(k.desired("first"), o); len(made.Problems) > 0 {
								t.Fatalf("%s", words.JSON(&made, &result))
							}
							r.sim.ClearFaults()
							time.Sleep(time.Minute)
						}
						if again := r.plan(k.desired("first"), o); again.Exit() != plan.ExitNothing {
							t.Errorf("%s", words.JSON(&again, nil))
						}
						if made, result := r.apply(k.desired(""), o); len(made.Withheld)+len(made.Problems) > 0 || !result.OK() || r.objects()[k.kind+"/x"] != "" {
							t.Errorf("%s", words.JSON(&made, &result))
						}
					})
				})
			}
		}
	}
}

// What a write that is refused has left is what was there: what others make afterwards is another object.
func TestARefusedWriteOpensNothing(t *testing.T) {
	wrap := checked(t)
	for _, k := range namedKinds(t) {
		r := newRig(t, wrap, map[string]any{})
		defer r.close()
		r.apply(k.desired("first"), apply.Options{Writing: true})
		before := resource.Text(r.row("x"))
		for _, f := range []telnyxsim.Fault{{Match: "PUT /" + k.kind + "/x"}, {Match: "POST /" + k.kind}} {
			if f.Do, f.Status = "status", 422; f.Match[1] == 'O' {
				r.remove(k.kind, "x")
			}
			if err := r.sim.AddFaults(f); err != nil {
				t.Fatal(err)
			}
			if _, result := r.apply(k.desired("second"), apply.Options{Writing: true}); result.OK() {
				t.Errorf("%s was not refused", f.Match)
			}
			if after := resource.Text(r.row("x")); after != before {
				t.Errorf("%s: it was\n%s\nand is\n%s", f.Match, before, after)
			}
		}
	}
}

// Answers that do not show when the object came to be leave that to the next reading.
func TestAnswersWithoutAnIncarnation(t *testing.T) {
	mute := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodGet {
				next.ServeHTTP(w, req)
				return
			}
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, req)
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			_, _ = w.Write(regexp.MustCompile(`"created_at": ?"[^"]*",?`).ReplaceAll(answer.Body.Bytes(), nil))
		})
	}
	for _, k := range namedKinds(t) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, mute, map[string]any{"_siprec_put_created": "renew", "_media_put_created": "renew"})
			defer r.close()
			for _, how := range []string{"first", "second", "first"} {
				if made, result := r.apply(k.desired(how), apply.Options{Writing: true}); len(made.Problems) > 0 || !result.OK() {
					t.Fatalf("%s", words.JSON(&made, &result))
				}
				if row := r.row("x"); !row.IsOpen() {
					t.Errorf("it remembers %q", row.Incarnation)
				}
				time.Sleep(time.Minute)
			}
			r.apply(k.desired("first"), apply.Options{Writing: true})
			if row := r.row("x"); row.IsOpen() || row.Incarnation == "" {
				t.Errorf("once it was read it remembers %q", row.Incarnation)
			}
		})
	}
}

// Rows of an older state know no incarnation: it is learned where nothing speaks against it, and else a deletion waits for a
// person.
func TestIncarnationsAreLearned(t *testing.T) {
	wrap := checked(t)
	for _, k := range namedKinds(t) {
		for _, how := range []string{"first", ""} {
			for _, changed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %q changed %t", k.kind, how, changed), func(t *testing.T) {
					r := newRig(t, wrap, map[string]any{})
					defer r.close()
					if _, result := r.apply(k.desired("first"), apply.Options{Writing: true}); !result.OK() {
						t.Fatalf("%+v", result)
					}
					known := r.forgetIncarnation("x")
					if changed && k.renewed { // the content does not show, the end does
						r.remake(k.kind, "x", time.Now().Add(time.Hour), map[string]any{"expires_at": "2090-01-01T00:00:00Z"})
					} else if changed {
						r.remake(k.kind, "x", time.Now().Add(time.Hour), k.theirs)
					}
					r.apply(k.desired(how), apply.Options{Writing: true})
					if got := r.row("x").Incarnation; !changed && got != known || changed && how == "" && got != "" {
						t.Errorf("it remembers %q, it was %q", got, known)
					}
					if how != "" {
						return
					}
					made, _ := r.apply(k.desired(how), apply.Options{Writing: true, Prune: true})
					if got := len(made.Withheld) == 1 && made.Withheld[0].Guards[0].Code == diff.DeleteDoubtful; got != changed {
						t.Errorf("withheld %t, want %t: %s", got, changed, words.JSON(&made, nil))
					}
				})
			}
		}
	}
}
