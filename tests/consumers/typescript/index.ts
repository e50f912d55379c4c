import * as pulumi from "@pulumi/pulumi";
import { Shops } from "./shops";

const secret = new pulumi.Config("fleet").requireSecret("secret");
const { fleet, images } = new Shops(pulumi.getStack(), secret);

export { images };
export const digests = fleet.digests;
export const endpoint = fleet.hub.endpoint;
export const authority = fleet.hub.caHash;
export const kubeconfigs = fleet.hub.kubeconfigs;
