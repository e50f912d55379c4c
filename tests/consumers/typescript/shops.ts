import * as edgefleet from "@edgefleet/edgefleet";
import * as pulumi from "@pulumi/pulumi";

/** A fleet, and what a program reads of its images and its hub. */
export class Shops extends pulumi.ComponentResource {
    readonly fleet: edgefleet.Fleet;
    readonly images: pulumi.Output<number>;

    constructor(region: string, secret: pulumi.Input<string>, opts?: pulumi.ComponentResourceOptions) {
        super("shops:index:Shops", region, {}, opts);
        this.fleet = new edgefleet.Fleet(
            region,
            { file: `stacks/${region}.fleet.yaml`, secret },
            { parent: this },
        );
        this.images = this.fleet.digests.apply(
            (sites) => Object.values(sites).flatMap((nodes) => Object.values(nodes)).length,
        );
        this.registerOutputs({});
    }
}
