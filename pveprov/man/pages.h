#pragma once
/* pages.h: the manual's pages in scdoc's language. */
#include "base/err.h"
#include "base/buf.h"

/* All pages, one "NAME.SECTION" a line. */
void man_list(struct buf *out);

/* pveprov(1). */
void man_overview(struct buf *out);

/* "pveprov-GROUP" or "pveprov-COMMAND"; false: no such page. */
bool man_page(const char *name, struct buf *out);

/* pveprov-recipe(5), from the recipe's schema. */
int man_recipe(struct buf *out, struct err **err);
