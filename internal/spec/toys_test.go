package spec_test

import (
	"flag"
	"fmt"
	"os"
	"syscall"
	"testing"

	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
	"telnyxsync/internal/testrun"
)

var update = flag.Bool("update", false, "rewrite the goldens with what is found")

// trunk and route are toy kinds with everything that a schema can express; the real ones come
// from kinds.Table.
type trunk struct {
	ID      resource.ID               `yaml:"id" rule:"local"`
	Host    resource.Host             `yaml:"host" rule:"required"`
	Label   string                    `yaml:"label" rule:"null"`
	Mode    string                    `yaml:"mode" rule:"enum=inbound|outbound|both"`
	Limit   int                       `yaml:"limit" rule:"min=1,max=100"`
	Least   int                       `yaml:"least" rule:"min=-5"`
	Most    int                       `yaml:"most" rule:"null,max=9"`
	On      bool                      `yaml:"on" rule:"outage=false"`
	Hook    resource.URL              `yaml:"hook" rule:"null"`
	Codecs  []string                  `yaml:"codecs" rule:"null"`
	Ports   resource.Set[int]         `yaml:"ports"`
	Media   trunkMedia                `yaml:"media" rule:"null"`
	Auth    trunkAuth                 `yaml:"auth"`
	Backup  resource.RefTo[trunk]     `yaml:"backup" rule:"null"`
	Token   resource.Secret           `yaml:"token"`
	Headers []trunkHeader             `yaml:"headers"`
	Aliases resource.Set[resource.ID] `yaml:"aliases"`
}

type trunkMedia struct {
	File resource.Name   `yaml:"file"`
	Size int             `yaml:"size" rule:"min=0"`
	Key  resource.Secret `yaml:"key"`
}

type trunkAuth struct {
	User     string          `yaml:"user" rule:"required"`
	Password resource.Secret `yaml:"password" rule:"required"`
}

type trunkHeader struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value" rule:"null"`
}

func (trunk) KindName() string { return "trunks" }

type route struct {
	Trunk  resource.RefTo[trunk] `yaml:"trunk" rule:"required"`
	Prefix string                `yaml:"prefix"`
}

func (route) KindName() string { return "routes" }

func toys() []resource.Kind {
	return []resource.Kind{
		{
			Name:   "trunks",
			Schema: resource.SchemaOf[trunk](),
			Key: func(_ string, o resource.Object) string {
				if id := resource.GetString(o, "/id"); id != "" {
					return "id=" + id
				}
				return resource.GetString(o, "/host")
			},
		},
		{
			Name:   "routes",
			Schema: resource.SchemaOf[route](),
			Key:    func(string, resource.Object) string { return "" },
			Check: func(name string, o resource.Object) (bad []resource.Invalid) {
				if _, written := o["prefix"]; !written {
					bad = append(bad, resource.Invalid{Path: "/prefix", Text: "a route needs a prefix: write it"})
				} else if p := resource.GetString(o, "/prefix"); p == name {
					bad = append(bad, resource.Invalid{Path: "/prefix", Text: fmt.Sprintf("%q is the route's own name: write a number", p)})
				}
				return bad
			},
		},
	}
}

func realKinds() []resource.Kind { return kinds.Pure(kinds.Table()) }

// loadAs says, in the environment of the test binary, that it only loads that path and prints the
// errors: so a test run by root can see what another user would.
const loadAs = "TELNYXSYNC_TEST_LOAD"

func TestMain(m *testing.M) {
	if path := os.Getenv(loadAs); path != "" {
		if _, err := spec.Load(realKinds(), path); err != nil {
			fmt.Println(err)
		}
		os.Exit(0)
	}
	os.Exit(testrun.Tests{M: m}.Run())
}

// nobody is the credential of a user without rights.
func nobody() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}
