/*
 * driver: runs a fuzz target without libFuzzer: every file of a corpus folder as it is, cut off
 * after each byte, and with each bit pattern of a few turned over at each byte. The same inputs in
 * every run.
 */
#include "fuzz.h"
#include "base/fs.h"

#include <dirent.h>

enum {
	FILE_BYTES_MAX = 1 << 20,
	MUTATED_BYTES_MAX =
		4096, /* longer inputs are run as they are: the rest would take seconds */
};

/* A block of its own, so that AddressSanitizer sees a read beyond the end. */
static void run(const char *data, size_t len)
{
	_cleanup_free_ uint8_t *copy = xmalloc(len + !len);

	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
}

static void run_mutations(char *data, size_t len)
{
	static const char flips[] = { 0x01, 0x20, (char)0x80, (char)0xff };

	/* at most some hundred places, evenly spread: five runs each */
	size_t stride = len / 128 + 1;
	for (size_t i = 0; i < len; i += stride) {
		run(data, i);
		for (size_t k = 0; k < ARRAY_SIZE(flips); k++) {
			data[i] ^= flips[k];
			run(data, len);
			data[i] ^= flips[k];
		}
	}
}

static int run_file(const char *path)
{
	_cleanup_err_ struct err *err = NULL;
	_cleanup_buf_ struct buf data = { 0 };

	if (fs_read(path, FILE_BYTES_MAX, &data, &err) < 0) {
		fprintf(stderr, "%s\n", err->text);
		return -1;
	}
	buf_text(&data);
	run(data.data, data.len);
	if (data.len <= MUTATED_BYTES_MAX)
		run_mutations(data.data, data.len);
	return 0;
}

static int run_corpus(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	if (!d)
		return -1;
	for (struct dirent *e; (e = readdir(d)) && n >= 0;) {
		if (e->d_name[0] == '.')
			continue;
		_cleanup_free_ char *path = fs_join(dir, e->d_name);
		n = run_file(path) < 0 ? -1 : n + 1;
	}
	closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	int n = argc == 2 ? run_corpus(argv[1]) : -1;

	if (n <= 0) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER (readable and not empty)\n", argv[0]);
		return 1;
	}
	printf("%d inputs\n", n);
	return 0;
}
