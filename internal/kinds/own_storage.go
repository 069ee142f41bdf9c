package kinds

import (
	"net/url"
	"slices"
	"strings"
)

// ownStorage tells whether a download URL of a recording is none to download from, but names the place in the customer's
// own storage where it lies: s3://bucket/a.wav. Telnyx documents that recordings can be kept there, not how it shows
// that. So a link over HTTP counts as one where it leads to a bucket and carries no signature: nobody can follow it
// without the bucket's keys. Telnyx's own links are signed. where is without what may be a key.
func ownStorage(link string) (where string, own bool) {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return "", false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname())
	switch {
	case slices.Contains(bucketSchemes, scheme):
		own = true
	case scheme == "https" || scheme == "http":
		own = isBucket(host) && !isSigned(u.Query())
	}
	if !own {
		return "", false
	}
	if scheme != "abfs" && scheme != "abfss" && scheme != "wasb" && scheme != "wasbs" { // there the container stands before the @
		u.User = nil
	} else if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = "", false, "", ""
	return u.String(), true
}

// bucketSchemes are how tools of Amazon, Google and Microsoft name what is in a bucket.
var bucketSchemes = []string{"s3", "s3a", "s3n", "gs", "gcs", "azure", "az", "wasb", "wasbs", "abfs", "abfss"}

// isBucket tells whether a host serves buckets of Amazon, Google or Microsoft.
func isBucket(host string) bool {
	within := func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
	return within("storage.googleapis.com") || within("storage.cloud.google.com") || within("blob.core.windows.net") ||
		(within("amazonaws.com") || within("amazonaws.com.cn")) && slices.ContainsFunc(strings.Split(host, "."), func(label string) bool {
			return label == "s3" || strings.HasPrefix(label, "s3-")
		})
}

// isSigned tells whether the query of a link lets whoever has it read what it leads to.
func isSigned(q url.Values) bool {
	for name := range q {
		switch name = strings.ToLower(name); name {
		case "x-amz-signature", "x-goog-signature", "signature", "sig":
			return true
		}
	}
	return false
}
