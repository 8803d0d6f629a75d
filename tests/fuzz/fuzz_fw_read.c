/* Firewall files of every level: nothing is lost, comments and order stay, what was written reads as the same. */
#include "fuzz_fw.h"
#include "base/text.h"

/* The comment lines of the input are among those of the output, in their order. */
static void comments_stay(const char *before, const char *after)
{
	_cleanup_free_ char *in = xstrdup(before), *out = xstrdup(after);
	char *rest_out = out;

	for (char *rest = in, *line; (line = strsep(&rest, "\n"));) {
		line = text_trim(line);
		if (*line != '#')
			continue;
		char *found;
		while ((found = strsep(&rest_out, "\n")) && !streq(found, line))
			;
		fuzz_expect(found != NULL);
	}
}

/* What YAML can hold without escapes that it reads as something else. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text > 0x7e || ((unsigned char)*text < 0x20 && !strchr("\t\r\n", *text)))
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const ids[FW_LEVELS] = { NULL, "n", "100", "v" };
	_cleanup_free_ char *text = fuzz_text(data, size);

	for (enum fw_level l = 0; l < FW_LEVELS; l++) {
		_cleanup_fw_config_ struct fw_config *c = fuzz_fw_read(l, ids[l], text, strlen(text));
		_cleanup_buf_ struct buf out = { 0 };
		if (!c)
			continue;
		_cleanup_fw_config_ struct fw_config *copy = fw_config_copy(c);
		fuzz_expect(fw_config_equal(c, copy));
		fw_write(c, &out);
		comments_stay(text, buf_text(&out));
		fuzz_fw_survives_text(c);
		if (is_plain(text))
			fuzz_fw_survives_yaml(c);
		fuzz_fw_use(c);
	}
	return 0;
}
