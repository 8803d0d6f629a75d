#pragma once
/* fw_json.h: the client's model of a site as the lab has it: files in the form of the API. */
#include "base/arena.h"
#include "firewall/fw_site.h"
#include "lab/firewall_compile.h"

/* Lives in the arena; the JSON is added to `files`, a list that the caller frees. The first node is the one compiled for. */
struct firewall_site fw_json_site(struct arena *a, const struct fw_site *s, json_t *files);
