// The contract is the header alone; SwiftPM asks for one source file.
#include "triggerd/plugin.h"
