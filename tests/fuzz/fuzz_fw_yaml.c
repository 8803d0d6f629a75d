/* The YAML form: what is accepted can be written as a file and as YAML, and reads as the same from both. */
#include "fuzz_fw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_fw_files_ struct fw_files files = { 0 };
	struct field_ctx f = { .arena = &a, .file = "f" };
	struct tree *t = NULL;

	if (tree_parse(&a, "f", (const char *)data, size, &t, NULL) < 0 || !tree_get(t, "firewall"))
		return 0;
	fw_yaml_bind(&f, tree_get(t, "firewall"), &files);
	for (size_t i = 0; i < files.n; i++) {
		fuzz_fw_use(files.v[i]);
		if (f.n_faults)
			continue;
		fuzz_fw_survives_text(files.v[i]);
		fuzz_fw_survives_yaml(files.v[i]);
	}
	return 0;
}
