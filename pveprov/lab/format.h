#pragma once
/*
 * format.h: Proxmox's named text formats and property strings. A wrong value gives the text its
 * schema checker gives.
 */
#include "lab/api_table.h"
#include "base/buf.h"

/* Appends the complaint to `why` and returns false; names that are not known accept everything. */
bool format_check(const char *format, const char *value, struct buf *why);

/* Checks one value against a parameter's type, format, limits, pattern and enumeration. */
bool format_check_value(const struct api_param *p, const char *value, struct buf *why);
