#pragma once
/*
 * fuzz_fw.h: what must hold for every firewall file that was read, whatever its form.
 */
#include "fuzz.h"
#include "firewall/fw_cover.h"
#include "firewall/fw_evaluate.h"
#include "firewall/fw_files.h"
#include "firewall/fw_lint.h"
#include "firewall/fw_read.h"
#include "firewall/fw_write.h"
#include "firewall/fw_yaml.h"

static inline struct fw_config *fuzz_fw_read(enum fw_level level, const char *id, const char *text, size_t len)
{
	struct fw_config *c = NULL;

	return fw_read("f", level, id, text, len, NULL, &c, NULL) == 0 ? c : NULL;
}

/* Written as a file it reads as the same, and is then written as the same text. */
static inline void fuzz_fw_survives_text(const struct fw_config *c)
{
	_cleanup_buf_ struct buf text = { 0 }, second = { 0 };

	fw_write(c, &text);
	_cleanup_fw_config_ struct fw_config *again = fuzz_fw_read(c->level, c->id, buf_text(&text), text.len);
	fuzz_expect(again != NULL);
	fw_write(again, &second);
	fuzz_expect(streq(buf_text(&text), buf_text(&second)));
	fuzz_expect(fw_config_equal(c, again));
}

/* Written as YAML it reads as the same. */
static inline void fuzz_fw_survives_yaml(const struct fw_config *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_fw_files_ struct fw_files files = { 0 };
	struct fw_config *one[] = { (struct fw_config *)c };
	const struct fw_files written = { .v = one, .n = 1 };
	struct field_ctx f = { .arena = &a, .file = "f" };
	struct tree *t = NULL;

	fw_yaml_write(&written, &text);
	fuzz_expect(tree_parse(&a, "f", buf_text(&text), text.len, &t, NULL) == 0);
	fw_yaml_bind(&f, tree_get(t, "firewall"), &files);
	fuzz_expect(f.n_faults == 0);
	_cleanup_fw_config_ struct fw_config *empty = fw_config_new(c->level, "f", c->id);
	const struct fw_config *again = fw_files_find(&files, c->level, c->id);
	fuzz_expect(fw_config_equal(c, again ? again : empty));
}

/* Lint and the evaluation of a packet come to an end. */
static inline void fuzz_fw_use(const struct fw_config *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_fw_issues_ struct fw_issues issues = { 0 };
	const struct fw_nic nic = { .id = "net0", .firewall = true };
	const struct fw_node node = { .name = "n", .config = c->level == FW_HOST ? c : NULL };
	const struct fw_guest guest = {
		.id = "100", .config = c->level == FW_GUEST ? c : NULL, .nics = &nic, .n_nics = 1, .nics_known = true
	};
	const struct fw_site site = { .cluster = c->level == FW_CLUSTER ? c : NULL,
				      .nodes = &node,
				      .n_nodes = 1,
				      .guests = &guest,
				      .n_guests = 1,
				      .vnets = &c,
				      .n_vnets = c->level == FW_VNET };
	struct fw_packet x = { .direction = FW_IN, .family = 4, .proto = 6, .sport = -1, .dport = 22, .icmp_type = -1, .icmp_code = -1 };
	struct fw_decision d = { 0 };

	fw_lint(&site, &issues);
	fw_evaluate_node(&a, &site, &node, &x, &d);
	fuzz_expect(d.reason != NULL);
	fw_evaluate_guest(&a, &site, &node, &guest, "net0", &x, &d);
	fuzz_expect(d.reason != NULL);
}
