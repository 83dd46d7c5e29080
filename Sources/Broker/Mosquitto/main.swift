// SPDX-License-Identifier: Apache-2.0
// The broker's entry point.

import Glibc

exit(BrokerProcess.main(arguments: CommandLine.arguments))
