#include "lab/format.h"
#include "lab/route.h"
#include "test.h"

#include <regex.h>

static void every_endpoint_has_a_handler(void **state UNUSED)
{
	for (size_t i = 0; i < api_n_endpoints; i++)
		if (!route_handler(&api_endpoints[i]))
			fail_msg("%s %s has no handler", api_endpoints[i].method,
				 api_endpoints[i].path);
}

static void every_pattern_compiles(void **state UNUSED)
{
	for (size_t i = 0; i < api_n_endpoints; i++)
		for (size_t k = 0; k < api_endpoints[i].n_params; k++) {
			const struct api_param *p = api_param(api_endpoints[i].params[k]);
			regex_t r;
			if (!p->pattern)
				continue;
			if (regcomp(&r, p->pattern, REG_EXTENDED))
				fail_msg("%s: '%s'", p->name, p->pattern);
			regfree(&r);
		}
}

static void paths_find_their_endpoints(void **state UNUSED)
{
	static const struct {
		const char *method, *path, *endpoint;
	} cases[] = {
		{ "GET", "/version", "/version" },
		{ "GET", "/nodes/pve/qemu", "/nodes/{node}/qemu" },
		{ "PUT", "/nodes/pve/qemu/100/config", "/nodes/{node}/qemu/{vmid}/config" },
		{ "GET", "/nodes/pve/tasks/UPID:pve:0:0:0:qmstart:100:root@pam!ci:/log",
		  "/nodes/{node}/tasks/{upid}/log" },
		{ "GET", "/cluster/firewall/ipset/mgmt/10.99.0.0%2F24",
		  "/cluster/firewall/ipset/{name}/{cidr}" },
		{ "DELETE", "/version", NULL },
		{ "GET", "/nodes/pve/qemuu", NULL },
		{ "GET", "/nodes//qemu", NULL },
		{ "GET", "/", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *params = json_object();
		struct route_match m;
		bool found = route_find(cases[i].method, cases[i].path, &m, params);
		assert_int_equal(found, cases[i].endpoint != NULL);
		if (found)
			assert_string_equal(m.endpoint->path, cases[i].endpoint);
		json_decref(params);
	}
}

static void values_are_refused_in_proxmoxs_words(void **state UNUSED)
{
	static const struct {
		struct api_param p;
		const char *value, *why;
	} cases[] = {
		{ { .type = API_INT }, "abc", "type check ('integer') failed - got 'abc'" },
		{ { .type = API_FLAG }, "yes", "type check ('boolean') failed - got 'yes'" },
		{ { .type = API_INT, .format = "pve-vmid" },
		  "99",
		  "invalid format - value does not look like a valid VM ID\n" },
		{ { .format = "dns-name" },
		  "bad_name",
		  "invalid format - value does not look like a valid DNS name\n" },
		{ { .format = "pve-configid" },
		  "1 bad",
		  "invalid format - invalid configuration ID '1 bad'\n" },
		{ { .format = "CIDRv4" },
		  "10.0.0.300/24",
		  "invalid format - value does not look like a valid IPv4 CIDR network\n" },
		{ { .max_length = 2 }, "abc", "value may only be 2 characters long" },
		{ { .values = "a, b" },
		  "c",
		  "value 'c' does not have a value in the enumeration 'a, b'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf why = { 0 };
		assert_false(format_check_value(&cases[i].p, cases[i].value, &why));
		assert_string_equal(buf_text(&why), cases[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_endpoint_has_a_handler),
		cmocka_unit_test(every_pattern_compiles),
		cmocka_unit_test(paths_find_their_endpoints),
		cmocka_unit_test(values_are_refused_in_proxmoxs_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
