package telnyxsim

import (
	"maps"
	"net/http"
	"time"
)

// phoneNumWritable is what both updates of numbers take.
func phoneNumWritable() fields {
	str := field{form: text}
	return fields{
		"billing_group_id":   str,
		"connection_id":      str,
		"customer_reference": str,
		"external_pin":       str,
		"hd_voice_enabled":   {form: boolean},
		"tags":               {form: texts},
	}
}

func patchPhoneNum(c *call) reply {
	old, found := c.acc.collections[phoneNums].get(c.params["id"])
	if !found {
		return notFound("phone number")
	}
	takes := phoneNumWritable()
	takes["address_id"] = field{form: text}
	if ps := takes.problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	if id, given := c.body["connection_id"].(string); given && !c.acc.knowsConnection(id) {
		return unprocessable("/connection_id", "There is no such connection.")
	}
	changes := maps.Clone(c.body)
	if v, given := changes["address_id"]; given { // no answer shows it
		delete(changes, "address_id")
		changes["_address_id"] = v
	}
	obj, live := c.acc.updateNumber(old, changes, c.now)
	if live != nil {
		owner := old["connection_id"].(string)
		c.acc.release(owner, c.acc.newName(c.acc.of(releaseColl, owner)), []map[string]any{live}, c.now)
	}
	return data(http.StatusOK, public(obj))
}

// knowsConnection tells whether numbers can be assigned to a connection. The empty id is
// that of none.
func (a *account) knowsConnection(id string) bool {
	known := a.collections[conns]
	if known == nil || id == "" {
		return true
	}
	_, found := known.get(id)
	_, external := a.collections[extConns].get(id)
	return found || external
}

// updateNumber stores a number with changes. It returns it, and the number as it was on
// Teams where the connection changed: it is in the list of that connection no longer.
func (a *account) updateNumber(old, changes map[string]any, at time.Time) (obj, live map[string]any) {
	obj = maps.Clone(old)
	maps.Copy(obj, changes)
	obj["updated_at"] = stamp(at)
	if id, given := changes["connection_id"].(string); given {
		if id == "" {
			obj["connection_id"] = nil
		}
		if _, named := old["connection_name"]; named && obj["connection_id"] != old["connection_id"] {
			conn, _ := a.of(conns, "").get(id)
			obj["connection_name"] = conn["connection_name"] // null for external ones
		}
	}
	a.put(phoneNums, "", obj)
	owner, assigned := old["connection_id"].(string)
	if !assigned || obj["connection_id"] == owner {
		return obj, nil
	}
	on := a.of(connNums, owner)
	if live, found := on.get(old["id"].(string)); found {
		on.remove(old["id"].(string))
		return obj, live
	}
	return obj, nil
}
