/* glibc's malloc, as Swift's Glibc does not show it. */
#ifndef TRIGGERD_CMALLOC_H
#define TRIGGERD_CMALLOC_H

#include <malloc.h>

#endif
