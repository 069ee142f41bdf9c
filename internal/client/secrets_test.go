package client

import (
	"slices"
	"testing"
)

// Masking must leave errors readable.
func TestWhatIsNoSecretShows(t *testing.T) {
	for body, want := range map[string]string{
		`{"errors":[{"code":"1","title":"Invalid","detail":"service_account is wrong","source":{"pointer":"/service_account/private_key"}}]}`: "422 1 Invalid: service_account is wrong (/service_account/private_key)",
		`{"errors":[{"title":"C:\\new and 100%41 &amp; é"}]}`:                                                                                 `422 C:\new and 100%41 &amp; é`,
	} {
		c, _ := always(t, 422, body)
		_, _, err := c.DialogflowConnections().Update(t.Context(), "1", Object{"service_account": testAccount()})
		if want = "PUT /dialogflow_connections/1: " + want; err == nil || err.Error() != want {
			t.Errorf("\ngot  %v\nwant %s", err, want)
		}
	}
}

func TestSecretsOfABody(t *testing.T) {
	c := newClient(t, Config{})
	for body, want := range map[string][]string{
		``:                                    nil,
		`nonsense`:                            nil,
		`{}`:                                  nil,
		`{"a":"abcdefgh"}`:                    nil,
		`{"password":"short"}`:                nil,
		`{"password":"  short\n "}`:           nil,
		`{"password":"sixsix"}`:               {"sixsix"},
		`{"password":"password","x":1}`:       nil, // as a field's name it has to show
		`{"pin_token":12345678}`:              {"12345678"},
		`{"password":null,"api_key":true}`:    nil,
		`{"x":[{"sip-password":" abcdef "}]}`: {"abcdef"},
		`{"secret":"one line of more\nsecond line of it, too\nc"}`: {"one line of more\nsecond line of it, too\nc", "second line of it, too"},
		`{"secret":{"a":"123456"}}`:                                {"123456"}, // too short to count as a whole
		`{"secret":{"a":{"c":[1,2],"b":"<12345>"}}}`:               {"<12345>", `{"a":{"b":"<12345>","c":[1,2]}}`},
		`{"credentials":"{\"a\": \"inside\", \"n\": [\"&xyz12\"]}"}`: {
			"&xyz12", "inside", `{"a": "inside", "n": ["&xyz12"]}`, `{"a":"inside","n":["&xyz12"]}`,
		},
		`{"credentials":"{\"a\": not JSON"}`:               {`{"a": not JSON`},
		`{"credentials":"{\"type\":\"service_account\"}"}`: {`{"type":"service_account"}`},
		`{"u":"https://h/x"}`:                              nil,
		`{"u":"https://h/x?a=1"}`:                          nil,
		`{"u":"https://h/x?a=1&bb=2"}`:                     {"a=1&bb=2"},
		`{"u":"https://h/x?a=12345678901234567890&b=2"}`:   {"12345678901234567890", "a=12345678901234567890&b=2"},
		`{"u":"https://deploy:hunter%202@h/x"}`:            {"deploy", "deploy:hunter%202", "hunter 2"},
		`{"u":"https://a b/\u0000?abcdefgh"}`:              nil, // no URL
	} {
		s := secretsOf([]byte(body))
		slices.Sort(s)
		if s = slices.Compact(s); !slices.Equal(s, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", body, s, want)
		}
		if m := c.maskFor([]byte(body)); (m == nil) != (want == nil) {
			t.Errorf("%s: masker %v", body, m)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		``: ``, `abc`: `abc`, `a%41%zz%4`: `aA%zz%4`, `\n\r\t\b\f\"\\\/\'\q\`: "\n\r\t\b\f\"\\/'\\q\\",
		`\u0041\u00e9\u263A\uD83D\ude00`: "Aé☎😀"[0:1] + "é☺😀", `\ud83d\u0041\ude00\u12`: "\uFFFDA\uFFFD\\u12", `\x41\x4`: `A\x4`,
		`&lt;&amp;&#39;&x`: `<&'&x`, `%C3%A9`: "é", `%25%34%31`: `%41`,
	} {
		if got := unescape(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func BenchmarkMasker(b *testing.B) {
	c, err := New(Config{Key: testKey})
	if err != nil {
		b.Fatal(err)
	}
	raw := []byte(jsonText(b, Object{"service_account": testAccount()}))
	for b.Loop() {
		c.maskFor(raw).text("a short text")
	}
}
