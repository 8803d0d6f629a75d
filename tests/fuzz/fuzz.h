#pragma once
/*
 * fuzz.h: what a fuzz target needs. A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput(),
 * and a folder corpus/NAME with inputs worth keeping: every crash that was found goes there. A
 * target checks more than "does not crash": what was accepted must survive its own round trip
 * (fuzz_expect).
 */
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as text, up to its first NUL; malloc'd. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	return size ? xstrndup((const char *)data, size) : xstrdup("");
}

/* A property that must hold; both libFuzzer and the driver report an abort with the input. */
#define fuzz_expect(condition)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)
