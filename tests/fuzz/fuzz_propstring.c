/* Property strings: what is read is written and read again as the same. */
#include "fuzz.h"
#include "data/propstring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_propstring_ struct propstring p = { 0 }, q = { 0 };

	if (propstring_parse(text, "host", &p, NULL) < 0)
		return 0;
	_cleanup_free_ char *written = propstring_text(&p);
	fuzz_expect(propstring_parse(written, "host", &q, NULL) == 0);
	fuzz_expect(propstring_equal(&p, &q) && propstring_equal(&q, &p));
	while (p.n) {
		_cleanup_free_ char *key = xstrdup(p.items[0].key);
		propstring_set(&p, key, NULL);
		fuzz_expect(!propstring_get(&p, key));
	}
	return 0;
}
