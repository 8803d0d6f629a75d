#pragma once
/*
 * qemu_kvm.h: whether KVM really works. /dev/kvm may be there and useless (nested): QEMU starts and
 * the guest never arrives. So a trial: the lab's own kernel boots as far as its initrd within a few
 * seconds, or KVM is not used.
 */
#include "lab/image.h"

/* The verdict is kept beside the images until the host boots again. Says in the log why not. */
bool qemu_kvm_works(const struct image *image, const struct clock *clock, const struct log *log);
