#include "fuzz.h"
#include "pve/upid.h"

/* What is taken is written as it was, and can never leave its place in a path. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct pve_upid u, again;

	if (!pve_upid_parse(text, &u))
		return 0;
	_cleanup_free_ char *back = pve_upid_text(&u);
	fuzz_expect(strcasecmp(back, text) == 0);
	fuzz_expect(pve_upid_parse(back, &again));
	fuzz_expect(!strchr(u.node, '/') && !strchr(u.type, '/') && !strchr(u.id, '/'));
	return 0;
}
