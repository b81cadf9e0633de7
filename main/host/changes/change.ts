/** Every change a window can ask of a document, by its name. */
import type { DocumentChange } from '../../../preload/contract/documents.ts'
import { unreachable } from '../../engine/errors.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import type { MapSets } from '../edits/mapSets.ts'
import { cropCanvas, flipCanvas, resizeCanvas, scaleCanvas, turnCanvas } from './canvasChanges.ts'
import { type WorkedOut, addLayer, duplicateLayer, importLayer, mergeLayers, removeLayers, reorderLayer, setLayer, transformLayers } from './layerChanges.ts'
import { editMask, selectMask, setLayerMask } from './maskChanges.ts'

/** Works a change out as an operation; commits nothing. @throws EngineError in a person's words */
export async function workOut(session: DocumentSession, maps: MapSets, change: DocumentChange): Promise<WorkedOut> {
  switch (change.change) {
    case 'layer.add': return addLayer(session, change)
    case 'layer.import': return importLayer(session, change)
    case 'layer.set': return setLayer(session, change)
    case 'layer.place': return reorderLayer(session, change)
    case 'layer.remove': return removeLayers(session, change)
    case 'layer.duplicate': return duplicateLayer(session, change)
    case 'layer.merge': return mergeLayers(session, change)
    case 'layer.transform': return transformLayers(session, [change])
    case 'layers.transform': return transformLayers(session, change.transforms)
    case 'layer.mask': return setLayerMask(session, change)
    case 'canvas.crop': return cropCanvas(session, change)
    case 'canvas.resize': return resizeCanvas(session, change)
    case 'canvas.scale': return scaleCanvas(session, change)
    case 'canvas.turn': return turnCanvas(session, change)
    case 'canvas.flip': return flipCanvas(session, change)
    case 'mask.edit': return editMask(session, change)
    case 'mask.select': return selectMask(session, maps, change)
    default: return unreachable(change, 'the list of changes')
  }
}
