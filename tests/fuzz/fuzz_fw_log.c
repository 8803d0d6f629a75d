#include "firewall/fw_log.h"
#include "fuzz.h"

/* What is decoded has every part that a table shows, and nothing in it was not in the line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_arena_ struct arena a = { 0 };
	struct fw_log_line l;

	if (!fw_log_parse(&a, text, &l))
		return 0;
	fuzz_expect(strlen(l.time) == 25 && l.vmid && l.level && *fw_log_packet(&a, &l));
	const char *const parts[] = { l.vmid, l.chain, l.verdict, l.note, l.in, l.out, l.physin, l.physout, l.source, l.dest, l.proto, l.sport,
				      l.dport };
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		fuzz_expect(!parts[i] || (*parts[i] && strstr(text, parts[i])));
	return 0;
}
