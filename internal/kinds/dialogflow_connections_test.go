package kinds_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

const dialogflow = "dialogflow_connections"

// bot is an account with the agent of connection 7.
const bot = `{"dialogflow_connections":[{"connection_id":"7","conversation_profile_id":"profile","environment":"production",
	"_service_account":{"type":"service_account","private_key":"old"},"_location":"global","_dialogflow_api":"cx"}]}`

const serviceAccount = `{"type":"service_account","private_key":"line\n<&>","n":12345678901234567890}`

// agent is what an entry manages of it, with some fields more or less.
func agent(more resource.Object, less ...string) resource.Object {
	o := resource.Overlay(resource.Object{"dialogflow_api": "cx", "location": "global", "service_account": secret(serviceAccount)}, more)
	for _, name := range less {
		delete(o, name)
	}
	return o
}

func TestDialogflowLive(t *testing.T) {
	for _, shown := range []string{"masked", "returned", "omitted"} {
		r := newRig(t, strings.Replace(bot, `{`, `{"_dialogflow_service_account":"`+shown+`",`, 1))
		l := r.read(dialogflow, "7")
		if got := resource.Text(l.Object); got != `{"conversation_profile_id":"profile","environment":"production"}` {
			t.Errorf("%s: %s", shown, got)
		}
		if l.ID != "7" || !slices.Equal(l.Keys, []string{"7"}) || l.Label != "profile production" || l.Owners != nil {
			t.Errorf("%+v", l)
		}
	}
	for answer, want := range map[string]string{
		`{}`: `{}`,
		`{"service_account":null,"environment":null,"conversation_profile_id":null}`:            `{}`,
		`{"service_account":{"type":"service_account"},"environment":"","connection_id":"9"}`:   `{"environment":""}`,
		`{"conversation_profile_id":1293384261075731499,"record_type":"x","created_at":"2026"}`: `{"conversation_profile_id":"1293384261075731499"}`,
		// Documented as never returned: should they be, they are compared like any.
		`{"dialogflow_api":"es","location":"global"}`: `{"dialogflow_api":"es","location":"global"}`,
	} {
		c := newClient(t, client.Config{Transport: answers{http.StatusOK, `{"data":` + answer + `}`}})
		l, err := row(dialogflow).Open(c).Read(t.Context(), "7")
		must(t, err)
		if got := resource.Text(l.Object); got != want || l.ID != "7" {
			t.Errorf("%s of %s became %s, want %s", l.ID, answer, got, want)
		}
	}
}

func TestDialogflowWrites(t *testing.T) {
	const sent = `"dialogflow_api":"cx",%s"location":"global","service_account":{"n":12345678901234567890,"private_key":"line\n<&>","type":"service_account"}}`
	body := func(before, between string) string {
		return "{" + before + strings.Replace(sent, "%s", between, 1)
	}
	const profile, environment = `"conversation_profile_id":"profile",`, `"environment":"production",`
	for name, test := range map[string]struct {
		desired resource.Object
		post    string
		put     string // PUT resets what it leaves out: what is not managed is sent as it is
	}{
		"all": {
			agent(resource.Object{"conversation_profile_id": "new", "environment": "draft"}),
			body(`"conversation_profile_id":"new",`, `"environment":"draft",`), body(`"conversation_profile_id":"new",`, `"environment":"draft",`),
		},
		"the least":           {agent(resource.Object{"conversation_profile_id": "profile"}), body(profile, ""), body(profile, environment)},
		"nulls are left out":  {agent(resource.Object{"conversation_profile_id": "profile", "environment": nil}), body(profile, ""), body(profile, "")},
		"nothing but secrets": {agent(nil, "location", "dialogflow_api"), `{"service_account":` + serviceAccount + `}`, `{` + profile + environment + `"service_account":` + serviceAccount + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, bot)
			ops := r.ops(dialogflow)
			w := write(nil, test.desired, nil)
			w.Key = "8"
			receipt, err := ops.Create(t.Context(), w)
			must(t, err)
			r.wrote("POST /dialogflow_connections/8 " + canonical(t, nil, []byte(test.post)))
			if receipt.RequestID == "" || receipt.Live.ID != "8" {
				t.Errorf("receipt %+v", receipt)
			}
			l := r.read(dialogflow, "7")
			w = write(l, test.desired, resource.Object{"location": "global"})
			before := resource.Text([]any{w.Desired, w.Patch, w.Live.Object})
			receipt, err = ops.Update(t.Context(), w)
			must(t, err)
			r.wrote("PUT /dialogflow_connections/7 " + canonical(t, nil, []byte(test.put)))
			if after := resource.Text([]any{w.Desired, w.Patch, w.Live.Object}); after != before || receipt.RequestID == "" || receipt.Live.ID != "7" {
				t.Errorf("what was given was changed: %s, receipt %+v", after, receipt)
			}
			for range 2 { // the second time it is gone already
				_, err = ops.Delete(t.Context(), l)
				must(t, err)
				r.wrote("DELETE /dialogflow_connections/7")
			}
			if n, err := ops.Numbers(t.Context(), l); n != 0 || err != nil {
				t.Errorf("%d numbers, %v", n, err)
			}
		})
	}
}

func TestDialogflowErrors(t *testing.T) {
	r := newRig(t, bot)
	ops := r.ops(dialogflow)
	w := write(nil, agent(resource.Object{"conversation_profile_id": "profile"}), nil)
	w.Key = "7"
	_, err := ops.Create(t.Context(), w)
	var api *client.Error
	if !errors.As(err, &api) || api.Status != http.StatusUnprocessableEntity || api.RequestID == "" || client.Unknown(err) || strings.Contains(err.Error(), "line") {
		t.Errorf("error %v", err)
	}
	l := r.read(dialogflow, "7")
	must(t, r.sim.SetAccount([]byte(`{}`)))
	if _, err = ops.Update(t.Context(), write(l, w.Desired, nil)); !client.NotFound(err) {
		t.Errorf("gone since: %v", err)
	}
	if l, err := ops.Read(t.Context(), "7"); l != nil || err != nil {
		t.Errorf("one that is not there: %v, %v", l, err)
	}
}

func TestDialogflowKind(t *testing.T) {
	k := row(dialogflow)
	if got := k.Key("entry", resource.Object{"connection_id": "7"}); got != "7" || k.KeyField != "/connection_id" || k.KeyRef != "" || !k.Rekeying || k.Listed || k.IDs {
		t.Errorf("key %q, %+v", got, k.Kind)
	}
	l := &resource.Live{ID: "7"}
	if got := resource.Text(k.Export.Identity("n", l)); got != `{"connection_id":"7"}` || k.Export.Stem(l) != "dialogflow-7" {
		t.Errorf("exported as %s", got)
	}
	for want, desired := range map[string][]resource.Object{
		"": {agent(resource.Object{"conversation_profile_id": "p"}), agent(resource.Object{"dialogflow_api": "es"}), {}},
		"/conversation_profile_id": {
			agent(nil), agent(resource.Object{"conversation_profile_id": nil}), agent(resource.Object{"conversation_profile_id": ""}),
		},
	} {
		for _, o := range desired {
			bad := k.Check("n", o)
			if (want == "") != (len(bad) == 0) || len(bad) > 1 || len(bad) == 1 && bad[0].Path != want {
				t.Errorf("%v: %+v, want %q", o, bad, want)
			}
		}
	}
}
