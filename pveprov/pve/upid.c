#include "pve/upid.h"
#include "base/text.h"

/* Takes what stands before the next ':' and steps over it. */
static bool next_part(const char **s, char *ret, size_t size, bool may_be_empty)
{
	size_t n = strcspn(*s, ":");

	if ((*s)[n] != ':' || n >= size || (!n && !may_be_empty))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)(*s)[i] <= ' ' || (*s)[i] == '/' || (*s)[i] == 0x7f)
			return false;
	memcpy(ret, *s, n);
	ret[n] = '\0';
	*s += n + 1;
	return true;
}

static bool next_hex(const char **s, size_t min, size_t max, uint64_t *ret)
{
	char digits[17];

	if (!next_part(s, digits, max + 1, false) || !text_to_hex(digits, UINT64_MAX, ret))
		return false;
	size_t n = strlen(digits);
	return n >= min && (n == min || digits[0] != '0'); /* padded to the least width only */
}

bool pve_upid_parse(const char *text, struct pve_upid *ret)
{
	struct pve_upid u = { 0 };
	uint64_t pid, start;
	const char *s = text;

	if (!starts_with(s, "UPID:"))
		return false;
	s += strlen("UPID:");
	if (!next_part(&s, u.node, sizeof(u.node), false) || !next_hex(&s, 8, 8, &pid) ||
	    !next_hex(&s, 8, 9, &u.pstart) || !next_hex(&s, 8, 8, &start) ||
	    !next_part(&s, u.type, sizeof(u.type), false) ||
	    !next_part(&s, u.id, sizeof(u.id), true) ||
	    !next_part(&s, u.user, sizeof(u.user), false) || *s)
		return false;
	u.pid = (uint32_t)pid;
	u.start_s = (int64_t)start;
	*ret = u;
	return true;
}

char *pve_upid_text(const struct pve_upid *u)
{
	return xasprintf("UPID:%s:%08X:%08" PRIX64 ":%08" PRIX64 ":%s:%s:%s:", u->node, u->pid,
			 u->pstart, (uint64_t)u->start_s, u->type, u->id, u->user);
}
